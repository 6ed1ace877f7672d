"""The supply network: order policies, orders between sites, backup links, ways of transport."""
