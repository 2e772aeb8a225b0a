"""The page: elements of NiceGUI, and components in JavaScript that draw them."""
