"""The morning briefing in front of the screen: keys turn it, and it keeps what it has when the server is away."""

from tests.browser.portal import SCREEN

LEADER = "D10001"


def test_the_prepared_pages_turn_by_key_and_stay_while_the_server_is_away(officer, portal):
    leader = officer(LEADER, SCREEN)
    page = leader.page
    page.clock.install()
    leader.begin("/screen/")
    shown = page.locator(".sc-page.is-on h1 b")
    titles = ["今日路上", "隐患治理", "党建", "窗口服务", "应办督办"]
    seen = [shown.inner_text()]
    for key in ("PageDown", " ", "ArrowRight", "5"):
        page.keyboard.press(key)
        seen.append(shown.inner_text())
    assert seen == titles
    leader.interactions("B2", 6)
    assert page.evaluate("document.documentElement.scrollHeight") <= SCREEN["height"]
    assert not leader.serious_findings()
    assert leader.printed_pages() == 5

    page.keyboard.press("PageUp")
    page.clock.run_for(61_000)
    page.wait_for_function("!document.querySelector('.is-away')")
    assert shown.inner_text() == "窗口服务", "a renewed page is the one that was shown"

    numbers = page.locator(".sc-page.is-on .sc-figs").inner_text()
    leader.watch.may_be_away = leader.watch.may_expire = True
    with portal.away():
        page.clock.run_for(61_000)
        leader.see("连接中断，正在重试")
        leader.see("数据截至")
        assert page.locator(".sc-page.is-on .sc-figs").inner_text() == numbers
        page.keyboard.press("1")
        assert shown.inner_text() == titles[0]
    page.clock.run_for(11_000)
    leader.see("每60秒更新")

    leader.lose_session()
    page.clock.run_for(61_000)
    leader.see("登录已过期，点这里重新登录")
    assert shown.inner_text() == titles[0], "the last data stay"
    page.get_by_text("点这里重新登录").locator("visible=true").click()
    leader.sign_in_again()
    page.wait_for_url("**/screen/**")
    page.locator(".sc-page.is-on .sc-figs a").first.click()
    page.wait_for_url("**/obligations/**")
