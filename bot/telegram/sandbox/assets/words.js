// The page's own labels. What the bot says comes in the bot's language.

const words = {
  demo: ["演示", "Demo"],
  subtitle: ["本机演示:每一列是一个人的手机", "On this machine: each column is one person's phone"],
  addPhone: ["添加手机", "Add a phone"],
  calls: ["接口调用", "API calls"],
  faults: ["故障", "Faults"],
  language: ["English", "中文"],
  close: ["关闭", "Close"],
  botTime: ["机器人的时间", "The bot's time"],
  plus10m: ["+10 分钟", "+10 min"],
  plus1h: ["+1 小时", "+1 h"],
  morning: ["到次日早上", "To next morning"],
  plus1d: ["+1 天", "+1 day"],
  plus1w: ["+1 周", "+1 week"],
  realTime: ["真实时间", "Real time"],
  stop: ["停止", "Stop"],
  start: ["开始", "Start"],
  startHint: ["还没有和机器人说过话。点“开始”,或打开一个链接。", "Has not spoken to the bot yet. Press Start, or open a link."],
  blocked: ["此人已停用机器人。", "This person has blocked the bot."],
  unblock: ["重新启用", "Unblock"],
  deactivated: ["此账号已注销。", "This account is gone."],
  empty: ["还没有消息", "No messages yet"],
  write: ["输入消息", "Message"],
  send: ["发送", "Send"],
  attach: ["发送文件", "Send a file"],
  commands: ["命令菜单", "Commands"],
  noCommands: ["机器人还没有设置命令", "The bot has set no commands yet"],
  more: ["更多", "More"],
  edited: ["已编辑", "edited"],
  scan: ["扫码", "Scan"],
  scanWho: ["用谁的手机扫码?", "Whose phone scans it?"],
  openWho: ["用谁的手机打开链接?", "Whose phone opens the link?"],
  copied: ["已复制", "Copied"],
  notLink: ["二维码内容", "The QR code says"],
  download: ["下载", "Download"],
  card: ["名片", "Contact card"],
  forwarded: ["转发的消息", "Forwarded message"],
  photo: ["图片", "Photo"],
  thisPhone: ["这部手机", "this phone"],
  pick: ["选择人员", "Choose a person"],
  search: ["姓名、乡镇、村", "Name, township, village"],
  none: ["没有符合的人", "Nobody matches"],
  open: ["已打开", "open"],
  block: ["停用机器人", "Block the bot"],
  deactivate: ["注销账号", "Delete the account"],
  ownCard: ["发送自己的名片", "Send the own contact card"],
  otherCard: ["发送别人的名片", "Send another person's card"],
  forwardedCard: ["转发别人发出的名片", "Forward another person's own card"],
  badHint: ["机器人不应相信", "the bot must not believe it"],
  remove: ["收起这部手机", "Put this phone away"],
  filter: ["筛选:方法、内容、人", "Filter: method, content, person"],
  polls: ["显示空的轮询", "Show empty polls"],
  noCalls: ["还没有调用", "No calls yet"],
  params: ["参数", "Parameters"],
  result: ["结果", "Result"],
  cut: ["断开", "cut"],
  ms: ["毫秒", "ms"],
  pending: ["待取更新", "updates waiting"],
  faultIntro: ["让机器人的调用出错,看它怎样应对。", "Let the bot's calls fail and watch what it does."],
  method: ["方法", "Method"],
  allMethods: ["全部(轮询除外)", "All (but polling)"],
  what: ["出什么错", "What goes wrong"],
  times: ["次数(0 为一直)", "Times (0: no end)"],
  every: ["每几次出一次", "Every nth"],
  chance: ["概率 %", "Chance %"],
  seconds: ["秒数", "Seconds"],
  add: ["添加", "Add"],
  clear: ["全部清除", "Clear all"],
  active: ["正在生效", "In force"],
  noFaults: ["没有", "None"],
  fired: ["已出错", "fired"],
  updateFaults: ["更新", "Updates"],
  duplicate: ["下一条重复送达", "Deliver the next twice"],
  reorder: ["下一批打乱先后", "Reorder the next batch"],
  undecodable: ["送一条不能解析的", "Send one that cannot be decoded"],
  poller: ["第二个轮询者(409)", "A second poller (409)"],
  armed: ["已设置", "Set"],
  "429": ["429 请求过多", "429 Too Many Requests"],
  "500": ["500 服务器错误", "500 Internal Server Error"],
  "502": ["502 网关错误", "502 Bad Gateway"],
  "reset-before": ["生效前断开连接", "Reset before the effect"],
  "reset-after": ["生效后断开连接", "Reset after the effect"],
  "timeout-after": ["生效后不再回答", "No answer after the effect"],
  slow: ["变慢", "Slow"],
  lost: ["与沙箱的连接断开,正在重连……", "The connection to the sandbox is lost, trying again…"],
  noPhones: ["还没有手机。点“添加手机”。", "No phones yet. Press “Add a phone”."],
  tooBig: ["文件超过 50 MB", "The file is larger than 50 MB"],
  ok: ["知道了", "OK"],
};

const saved = localStorage.getItem("sandbox-lang");
export const lang = saved === "en" ? "en" : "zh";

export function t(key) {
  const pair = words[key];
  return pair ? pair[lang === "en" ? 1 : 0] : key;
}

// label picks the language of a text that comes in both.
export function label(l) {
  if (!l) return "";
  return (lang === "en" ? l.en || l.zh : l.zh || l.en) || "";
}

export function switchLanguage() {
  localStorage.setItem("sandbox-lang", lang === "en" ? "zh" : "en");
  location.reload();
}
