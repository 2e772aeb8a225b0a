"""Messages and MCAP files of results, which can be continued after a break."""
