"""What no order can beat: bounds, exact search, certificates and their independent checker."""
