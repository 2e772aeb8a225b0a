"""Plays the demo."""

import sys

from eovseg_ros.demo.play import main

sys.exit(main())
