"""How image messages store their pixels."""
