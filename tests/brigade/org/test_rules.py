"""What a password must be, for whatever is typed."""

import string

from hypothesis import given
from hypothesis import strategies as st

from brigade.org.rules import PASSWORD_LENGTH, may_hang_below, password_fault
from brigade.org.states import Tree

KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


def kinds_in(password):
    found = sum(any(sign in kind for sign in password) for kind in KINDS)
    return found + any(all(sign not in kind for kind in KINDS) for sign in password)


@given(st.text(max_size=140))
def test_what_is_let_through_is_long_and_mixed_and_names_nobody(password):
    if not password_fault(password, police_no="037101", name_forms=["zhouhaifeng", "zhf"]):
        assert PASSWORD_LENGTH <= len(password) <= 128
        assert kinds_in(password) >= 3
        assert "037101" not in password and "zhouhaifeng" not in password.casefold()


@given(st.text(alphabet="abcXYZ789!？中", min_size=10, max_size=128))
def test_a_long_mixed_password_is_let_through(password):
    assert (kinds_in(password) >= 3) == (not password_fault(password, police_no="037101", name_forms=[]))


def test_initials_too_short_to_tell_anything_are_no_fault():
    assert not password_fault("Zhf-zhongdui1", police_no="037101", name_forms=["zhf"])


def test_every_tree_hangs_below_itself_and_below_the_line():
    assert all(may_hang_below(tree, parent) == (parent in (tree, Tree.LINE)) for tree in Tree for parent in Tree)
