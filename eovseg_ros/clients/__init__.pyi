from .node_client import ClientError as ClientError
from .node_client import NodeClient as NodeClient
