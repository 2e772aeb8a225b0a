"""Who may use the console: token, host names and origins."""
