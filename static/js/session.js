/* When an htmx answer does not come: signed out, no connection, refused, broken. What was typed stays, as a draft.
   An element with data-quiet asks by itself, so it never takes the page away; it only says so.
   Who signs out takes his number with him (see login.js). */
import { show } from "./toast.js";

const WORDS = {
  403: "没有这项权限，页面没有改动",
  404: "这条记录不在你能看的范围，或者已经移走",
  413: "文件太大，没有收下",
  429: "请求太密，稍等再试",
  503: "正有一大批数据在入库，没有保存，内容留在本页；过一分钟再提交",
  507: "服务器磁盘已满，没有保存，内容留在本页；请找系统管理员腾出空间后再提交",
};

function signedOut(xhr) {
  const login = document.body.dataset.login;
  return xhr.status === 401 || Boolean(xhr.responseURL && new URL(xhr.responseURL).pathname === login);
}

function signIn(element) {
  if (element.closest("[data-quiet]")) {
    show("登录已过期：内容已存成草稿，提交时重新登录即可", "warning");
    return;
  }
  const next = encodeURIComponent(location.pathname + location.search);
  window.dispatchEvent(new Event("drafts:keep"));
  location.assign(`${document.body.dataset.login}?next=${next}`);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!signedOut(event.detail.xhr)) return;
  event.detail.shouldSwap = false;
  event.detail.isError = false;
  signIn(event.detail.requestConfig.elt);
});

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (event.detail.elt.closest("[data-quiet]")) return;
  show(WORDS[status] || `服务器出错（${status}），内容留在本页`, "error");
});

document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.elt.closest("[data-quiet]")) return;
  show("没有连上服务器，内容留在本页，连上后再提交", "error");
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-logout]")) return;
  try { sessionStorage.removeItem("login:number"); } catch (closed) { /* nothing is kept there */ }
});
