"""Who may do what, in rules that security teams read, test and prove. No I/O, no clock, no ORM."""
