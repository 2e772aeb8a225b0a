"""Image features: visual encoders of both CLIPs, the aggregator and Vocabulary-Aware Selection."""
