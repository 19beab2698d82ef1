"""Records that are of one human: found by `$match`, joined by `$merge`, set apart again by `$unmerge`."""
