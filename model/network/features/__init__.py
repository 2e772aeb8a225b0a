"""From a picture to features: both CLIPs' visual encoders, the aggregator, the selection by vocabulary."""
