"""Pages of ledgers. They have no addresses of their own: whoever has a ledger takes `Listing` from here."""

from brigade.ledgers.views.listing import Listing as Listing
