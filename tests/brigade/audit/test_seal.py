"""Once written, an audit row stays: the database refuses, and what gets round the database is found."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from brigade.audit import actions, queries, rules
from brigade.audit.apps import guard_tables
from brigade.audit.models import AuditEvent, Seal
from tests.brigade.audit.people import ZHANG, Hazard

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 26, 7, 30, tzinfo=UTC)
ON_SQLITE = connection.vendor == "sqlite"


@pytest.fixture(autouse=True)
def _anchors(settings, tmp_path):
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(actions, "SEAL_BATCH", 3)


@pytest.fixture
def events():
    for n in range(7):
        actions.record("hazard.edited", Hazard(pk=n, unit_id=1, title=f"隐患{n}"), by=ZHANG, changes={"n": n})
    return list(AuditEvent.objects.order_by("id"))


@pytest.fixture
def sealed(events):
    actions.seal_due(now=NOW)
    return list(AuditEvent.objects.order_by("id"))


def run(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def behind_the_database(sql, *values):
    """What somebody does who has lifted the triggers."""
    actions.drop_triggers()
    run(sql, *values)
    actions.make_triggers()


# The database refuses


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditevent SET note = 'x' WHERE id = %s",
        "UPDATE audit_auditevent SET at = '2020-01-01 00:00:00+00:00' WHERE id = %s",
        "UPDATE audit_auditevent SET actor_id = NULL WHERE id = %s",
        "UPDATE audit_auditevent SET id = id + 1000 WHERE id = %s",
        "UPDATE audit_auditevent SET seal = 1, sentence = 'x' WHERE id = %s",
        "DELETE FROM audit_auditevent WHERE id = %s",
    ],
)
def test_an_event_can_be_neither_changed_nor_removed(events, sql):
    with pytest.raises(DatabaseError, match=rules.REFUSAL):
        run(sql, events[0].pk)


@pytest.mark.parametrize("sql", ["seal = NULL", "seal = 2", "seal = 1"])
def test_a_sealed_event_stays_sealed_as_it_is(sealed, sql):
    with pytest.raises(DatabaseError, match=rules.REFUSAL):
        run(f"UPDATE audit_auditevent SET {sql} WHERE id = %s", sealed[0].pk)


@pytest.mark.parametrize(
    "sql", ["UPDATE audit_seal SET digest = 'x' WHERE n = 1", "DELETE FROM audit_seal WHERE n = 1"]
)
def test_a_seal_can_be_neither_changed_nor_removed(sealed, sql):
    with pytest.raises(DatabaseError, match=rules.REFUSAL):
        run(sql)


def test_an_event_cannot_be_written_as_sealed(events):
    event = AuditEvent.objects.get(pk=events[0].pk)
    event.pk, event.seal = None, 1
    with pytest.raises(DatabaseError, match=rules.REFUSAL), transaction.atomic():
        event.save(force_insert=True)


@pytest.mark.parametrize("table", ["audit_auditevent", "audit_seal"])
def test_a_row_cannot_be_written_over(sealed, table):
    """SQLite removes the old row of an INSERT OR REPLACE without any delete trigger; PostgreSQL has a TRUNCATE."""
    sql = f"REPLACE INTO {table} SELECT * FROM {table}" if ON_SQLITE else f"TRUNCATE {table}"
    with pytest.raises(DatabaseError, match=rules.REFUSAL):
        run(sql)


def test_every_column_is_either_digested_or_part_of_the_sealing():
    columns = {field.attname for field in AuditEvent._meta.concrete_fields}
    assert columns - set(rules.DIGESTED) == {"id", "digest", "seal"}


def test_the_check_tells_whether_the_triggers_stand():
    assert queries.triggers_in_place()
    actions.drop_triggers()
    assert not queries.triggers_in_place()
    actions.make_triggers()
    assert queries.triggers_in_place()


@pytest.mark.parametrize("name", sorted(rules.triggers(connection.vendor)))
def test_the_check_misses_each_single_trigger(name):
    table = "audit_seal" if name.startswith("audit_seal") else "audit_auditevent"
    run(f"DROP TRIGGER {name}" + ("" if ON_SQLITE else f" ON {table}"))
    assert not queries.triggers_in_place()


def test_the_check_sees_a_trigger_that_does_nothing():
    if ON_SQLITE:
        run("DROP TRIGGER audit_auditevent_delete")
        run("CREATE TRIGGER audit_auditevent_delete BEFORE DELETE ON audit_auditevent WHEN 0 BEGIN SELECT 1; END")
    else:
        run("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_auditevent_delete")
    assert not queries.triggers_in_place()


def test_a_migration_leaves_the_triggers_in_place():
    actions.drop_triggers()
    call_command("migrate", "audit", verbosity=0)
    assert queries.triggers_in_place()


def test_no_trigger_is_made_where_there_are_no_tables(monkeypatch):
    actions.drop_triggers()
    monkeypatch.setattr(connection.introspection, "table_names", list)
    guard_tables("default")
    assert not queries.triggers_in_place()


# Sealing


def test_sealing_closes_all_events_in_batches(events):
    assert actions.seal_due(now=NOW) == "封存7条"
    assert list(Seal.objects.order_by("n").values_list("n", "count")) == [(1, 3), (2, 3), (3, 1)]
    assert not AuditEvent.objects.filter(seal=None).exists()


def test_sealing_twice_changes_nothing(sealed):
    head = queries.head()
    assert actions.seal_due(now=NOW) == "封存0条"
    assert queries.head() == head


def test_a_second_sealer_leaves_the_batch_to_the_first(events, monkeypatch):
    """Both have read the same head; the number of the seal is unique, so one of them seals."""
    actions.seal_due(now=NOW)
    actions.record("hazard.edited", Hazard(pk=9), by=ZHANG)
    stale = Seal.objects.get(n=1)
    with monkeypatch.context() as patch:
        patch.setattr(queries, "head", lambda: stale)
        assert actions.seal_due(now=NOW) == "封存0条"
    assert AuditEvent.objects.filter(seal=None).count() == 1
    assert actions.seal_due(now=NOW) == "封存1条"
    assert queries.verify().ok


def test_each_seal_is_chained_to_the_one_before(sealed):
    first, second, third = Seal.objects.order_by("n")
    assert (first.prev, second.prev, third.prev) == ("", first.digest, second.digest)


# Verification


def test_an_untouched_trail_is_found_in_order(sealed):
    actions.record("hazard.edited", Hazard(pk=9), by=ZHANG)
    verdict = queries.verify()
    assert (verdict.ok, verdict.events, verdict.seals, verdict.unsealed) == (True, 8, 3, 1)
    assert str(verdict) == "审计记录8条、封存3批，未发现改动。"


def test_an_empty_trail_is_in_order():
    assert queries.verify().ok


@pytest.mark.parametrize("column", [name for name in rules.DIGESTED if name not in ("at", "actor_id", "unit_id")])
def test_the_verifier_names_the_first_altered_row(sealed, column):
    behind_the_database(f"UPDATE audit_auditevent SET {column} = 'x' WHERE id IN (%s, %s)", sealed[4].pk, sealed[6].pk)
    verdict = queries.verify()
    assert not verdict.ok
    assert verdict.first_bad.event_id == sealed[4].pk
    assert str(verdict) == f"审计记录第{sealed[4].pk}号：内容与封存时不一致。"


@pytest.mark.parametrize("column", ["actor_id", "unit_id"])
def test_an_altered_number_is_found(sealed, column):
    behind_the_database(f"UPDATE audit_auditevent SET {column} = 12345 WHERE id = %s", sealed[0].pk)
    assert queries.verify().first_bad.event_id == sealed[0].pk


def test_an_altered_time_is_found(sealed):
    actions.drop_triggers()
    AuditEvent.objects.filter(pk=sealed[2].pk).update(at=sealed[2].at + timedelta(microseconds=1))
    assert queries.verify().first_bad.event_id == sealed[2].pk


@pytest.mark.parametrize("time", ["nonsense", "2026-13-45 00:00:00"])
def test_what_is_no_time_is_found_where_the_database_takes_it(sealed, time):
    try:
        behind_the_database("UPDATE audit_auditevent SET at = %s WHERE id = %s", time, sealed[4].pk)
    except DatabaseError:
        assert not ON_SQLITE
        return
    assert queries.verify().first_bad.event_id == sealed[4].pk


def test_a_row_altered_together_with_its_digest_is_found(sealed):
    event = sealed[3]
    event.note = "改过"
    behind_the_database(
        "UPDATE audit_auditevent SET note = %s, digest = %s WHERE id = %s",
        event.note, rules.digest_of_event(event), event.pk,
    )  # fmt: skip
    assert queries.verify().first_bad.event_id == event.pk


def test_an_altered_row_that_is_not_sealed_yet_is_found(events):
    behind_the_database("UPDATE audit_auditevent SET note = 'x' WHERE id = %s", events[5].pk)
    verdict = queries.verify()
    assert verdict.first_bad.event_id == events[5].pk
    assert str(verdict) == f"审计记录第{events[5].pk}号：内容与登记时不一致。"


def test_a_removed_row_is_found(sealed):
    behind_the_database("DELETE FROM audit_auditevent WHERE id = %s", sealed[1].pk)
    assert str(queries.verify()) == f"审计记录第{sealed[1].pk}号：已被删除。"


def test_a_row_slipped_in_as_sealed_is_found(sealed):
    event = AuditEvent.objects.get(pk=sealed[0].pk)
    event.pk = None
    actions.drop_triggers()
    event.save(force_insert=True)
    assert str(queries.verify()) == f"审计记录第{event.pk}号：封存标记与封存批次不符。"


def test_a_row_whose_seal_was_taken_off_is_found(sealed):
    behind_the_database("UPDATE audit_auditevent SET seal = NULL WHERE id = %s", sealed[5].pk)
    assert queries.verify().first_bad.event_id == sealed[5].pk


def test_an_altered_seal_is_found(sealed):
    behind_the_database("UPDATE audit_seal SET digests = '' WHERE n = 2")
    assert str(queries.verify()) == "审计封存第2批：封存内容与封存时不一致。"


def test_a_seal_that_lists_no_rows_any_more_is_found(sealed):
    seal = Seal.objects.get(n=3)
    seal.digests = "x"
    digest = rules.digest_of_seal(seal)
    behind_the_database("UPDATE audit_seal SET digests = 'x', digest = %s WHERE n = 3", digest)
    assert str(queries.verify()) == "审计封存第3批：封存内容与封存时不一致。"


def test_a_removed_seal_is_found(sealed):
    behind_the_database("DELETE FROM audit_seal WHERE n = 2")
    assert str(queries.verify()) == "审计封存第2批：这一批已不在库内。"


# Anchors


def test_the_head_is_kept_outside_the_database_once_a_day(events, settings):
    assert actions.anchor_head(now=NOW) == "留存第3批的校验值"
    path = settings.AUDIT_ANCHOR_DIR / "2026-06-26.txt"
    assert path.read_text().split()[:2] == ["3", queries.head().digest]
    assert path.stat().st_mode & 0o777 == 0o400
    assert actions.anchor_head(now=NOW + timedelta(hours=1)) == "当日校验值已留存"
    assert queries.verify().ok


def test_an_empty_trail_has_no_head_to_keep():
    assert actions.anchor_head(now=NOW) == "还没有可留存的审计记录"


def rewrite_all():
    """The whole trail with new digests and seals: consistent in itself."""
    actions.drop_triggers()
    Seal.objects.all().delete()
    AuditEvent.objects.update(seal=None, note="改过")
    for event in AuditEvent.objects.all():
        AuditEvent.objects.filter(pk=event.pk).update(digest=rules.digest_of_event(event))
    actions.make_triggers()
    actions.seal_due(now=NOW)


def test_a_trail_rewritten_with_all_its_seals_is_found_by_the_anchor(events):
    actions.anchor_head(now=NOW)
    rewrite_all()
    assert str(queries.verify()) == "审计封存第3批：与库外存的校验值不一致，从上一次留存以来有改动。"


def test_without_an_anchor_a_whole_rewriting_would_not_show(sealed):
    """Why the anchor is kept where the database's administrator does not write."""
    rewrite_all()
    assert queries.verify().ok


def test_a_trail_cut_off_behind_is_found_by_the_anchor(events):
    actions.anchor_head(now=NOW)
    actions.drop_triggers()
    Seal.objects.filter(n=3).delete()
    AuditEvent.objects.filter(seal=3).delete()
    assert str(queries.verify()) == "审计封存第3批：库外存有它的校验值，库内已没有这一批。"


@pytest.mark.parametrize("content", ["", "3", "第三批 abc", "three 0a1b2c"])
def test_an_anchor_that_nobody_can_read_any_more_is_named(events, content):
    actions.anchor_head(now=NOW)
    path = queries.anchor_file("2026-06-26")
    path.chmod(0o600)
    path.write_text(content, "utf-8")
    verdict = queries.verify()
    assert not verdict.ok
    assert str(verdict) == "库外的校验值文件2026-06-26.txt被改过，读不出来。"


def test_an_altered_anchor_shows_though_the_next_day_keeps_the_same_head(events):
    for days in (0, 1):
        actions.anchor_head(now=NOW + timedelta(days=days))
    path = queries.anchor_file("2026-06-26")
    path.chmod(0o600)
    path.write_text(f"3 {'0' * 64} {NOW.isoformat()}\n")
    assert str(queries.verify()) == "审计封存第3批：与库外存的校验值不一致，从上一次留存以来有改动。"
