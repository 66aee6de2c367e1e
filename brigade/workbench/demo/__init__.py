"""A believable, wholly synthetic year of one brigade, for trying the portal out and for its tests.

The brigade, its brand and its activities are those of the newspaper article that the portal answers; every person,
number and record is invented and marked synthetic.
"""
