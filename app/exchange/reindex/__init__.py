"""The columns of all versions read anew from their bodies, where a program reads them otherwise than one before."""
