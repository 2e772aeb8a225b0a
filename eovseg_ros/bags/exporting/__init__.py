"""Results of a bag in other formats: COCO, video, and one file with the source's messages."""
