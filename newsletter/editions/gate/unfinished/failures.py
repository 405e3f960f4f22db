"""What a script got in place of a page: the server's refusal, a check for robots, its own error.

News may be about error pages; what fills a whole line and says nothing else is one.
"""

from __future__ import annotations

from newsletter.editions.gate.unfinished.rows import Row, alone, anywhere

_DOING = r"(?:加载|获取|抓取|翻译|请求|读取|生成|解析|连接|下载|访问|爬取|采集|调用|总结|处理|同步)"

FAILURES: tuple[Row, ...] = (
    # 翻译失败  请求失败，请稍后重试
    alone(
        rf"(?:内容|网页|页面|数据|图片|文章|原文|接口|摘要|网络|服务器)?{_DOING}(?:失败|超时|出错|错误"
        rf"|异常|中断)(?:了)?(?:\s*[,:!。]?\s*[^。]{{0,16}})?",
    ),
    alone(r"(?:数据|内容|页面|图片)?(?:正在)?(?:加载|载入|读取)中"),
    alone(
        r"(?:请)?(?:先)?(?:开启|启用|打开|允许)\s*(?:JavaScript|Cookies?|浏览器)[^。]{0,12}|(?:无法"
        r"|未能)(?:加载|显示|获取|打开|访问)(?:内容|页面|图片|数据|网页|该页面|此页面)?",
    ),
    alone(
        r"(?:抱歉[,]?)?(?:您(?:访问|请求|查找)的)?(?:页面|网页|内容|文章|链接)(?:不存在|(?:无法|不能)"
        r"(?:打开|访问|显示)|(?:可能)?已(?:被)?(?:删除|移除|失效)|已删除|走丢了|找不到了?|无法访问)"
        r"|服务器(?:错误|繁忙|异常|开小差了?)|网络(?:错误|异常|超时)|访问(?:受限|被拒绝|过于频繁)"
        r"|请求(?:过于频繁|超时|被拒绝)|(?:请)?(?:先)?登录后?(?:查看|阅读)?(?:全文)?|请(?:完成|输入)"
        r"(?:安全)?验证码?|安全验证|人机验证|系统繁忙[^。]{0,10}|(?:点击)?加载更多|展开全文"
        r"|正在跳转[^。]{0,6}",
    ),
    # 404 Not Found  Just a moment...
    alone(
        r"(?:error\s*:?\s*)?(?:http )?[45]\d\d(?: (?:not found|forbidden|bad gateway|unauthorized"
        r"|internal server error|service unavailable|gateway time-?out|too many requests|bad request"
        r"|error))?",
    ),
    alone(
        r"(?:page )?not found|forbidden|bad gateway|internal server error|service unavailable"
        r"|gateway time-?out|too many requests|unauthorized|access denied[^.]{0,20}|permission denied"
        r"|(?:api )?rate limit(?: exceeded| reached)?|quota exceeded|request (?:failed|timed out"
        r"|blocked)[^.]{0,30}",
    ),
    alone(
        r"just a moment|checking your browser[^.]{0,30}|(?:please )?enable (?:javascript|cookies)"
        r"[^.]{0,40}|(?:please )?verify (?:that )?you are (?:a )?human|are you a robot|(?:javascript"
        r"|cookies) (?:is|are) (?:required|disabled)[^.]{0,20}|you need to enable javascript[^.]{0,20}"
        r"|please wait",
    ),
    alone(
        r"loading|(?:failed|unable) to (?:load|fetch|parse|retrieve|translate|connect)[^.]{0,30}"
        r"|(?:could not|couldn't|cannot|can't) (?:load|fetch|retrieve|open) (?:the )?(?:content|page"
        r"|article|data|image|url)|(?:connection|request|read|operation) timed out|timeout(?: error)?"
        r"|timed out|connection (?:refused|reset|error)|network error|something went wrong"
        r"|an (?:unexpected )?error (?:has )?occurred|no (?:data|results?)(?: found)?",
    ),
    # What Python and JavaScript say when they stop.
    alone(r"(?:\w{0,20}(?:Error|Exception)|error|exception|warning|fatal)\s*:\s*\S[^。]{0,50}"),
    anywhere(
        r"^\W*(?:[A-Z]\w{2,20}(?:Error|Exception))\s*:|\bTraceback \(most recent call last\)"
        r"|<bound method\b|\[native code\]|^\W*at \w[\w.]{2,40} \([^)]{1,60}:\d+:\d+\)",
    ),
)
