"""What a SOP says: the parts of its document, how they are read and checked. Pure: reads no clock and no database."""
