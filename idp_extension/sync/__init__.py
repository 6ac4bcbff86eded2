"""Desired state (the database) against actual state (Keycloak): seen, explained, repaired.

The interface, for whoever looks at one person or structure at a time, or at the whole country:

    kinds       Kind, MEANINGS      each kind of difference: its words, its remedy, what it gives or removes
    difference  Difference          one: kind, subject, detail, wanted, found, keycloak_id; str() explains it
    state       DesiredGroups       what is wanted of a structure (of a person: projection.DesiredPerson)
                ActualUser, ActualGroup, ActualState      what Keycloak has
    stock       read_user, read_user_named, read_group, read_group_named, read_all      by the stock admin API
    snapshot    read_snapshot                             all of it, in one request to our provider
    of_person   compare_person, compare_stranger          the differences of one account
    of_structure  compare_structure, compare_foreign_group      the differences of one structure's groups
    compare     compare_people, compare_structures        the differences of the whole country
    look        look_everywhere, look_at_person, look_at_structure      read, then compare
    repair      repair_person, repair_structure, repair_stranger        one at a time, safe to repeat
    applying    a whole plan: kept as a file, guarded, applied by threads

The wanted side is read by `onboarding_api.delivery.desired`: `person.desired_person` for one person,
`country.desired_structures(…, siren)` for one structure, the same and `desired_people` for all. To an apply
the database is a `house.House`: `onboarding_api.delivery.house.DatabaseHouse`.
"""
