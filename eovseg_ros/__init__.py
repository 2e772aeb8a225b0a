from pkgutil import extend_path

# The generated messages (eovseg_ros.msg) are in the install folder: the source tree must not hide them.
__path__ = extend_path(__path__, __name__)
