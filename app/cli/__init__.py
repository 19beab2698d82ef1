"""The command `tramy`: one file per command. `tramy --help` lists them."""
