"""The command `constat`."""
