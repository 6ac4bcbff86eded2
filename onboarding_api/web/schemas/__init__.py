"""What each form may contain, one file a page group; strict Cerberus schemas."""
