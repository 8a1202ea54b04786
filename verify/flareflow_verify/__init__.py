"""`flareflow`, the command of users and strangers: it checks a bill with public sources. It needs no AWS library."""
