"""Time of a batch of images and of single calls: `python -m eovseg_model.benchmark.batch`."""
