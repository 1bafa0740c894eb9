"""Pictures and data for other programs: one short module a format, all of them made from the same flow."""
