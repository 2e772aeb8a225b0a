from pkgutil import extend_path

# The generated messages (eovseg_ros.msg) live in the install folder; this keeps the source tree from hiding them.
__path__ = extend_path(__path__, __name__)
