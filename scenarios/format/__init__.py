"""What a scenario document is, and the files made from that: schema, reference pages."""
