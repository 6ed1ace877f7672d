"""What one part of a document says about another, and whether the plant can be built."""
