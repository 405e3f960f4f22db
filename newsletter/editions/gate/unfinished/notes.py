"""Notes of editors to themselves and to each other, and words that stand for a text that is to come."""

from __future__ import annotations

from newsletter.editions.gate.unfinished.rows import Row, alone, anywhere, bracketed

_TASK = r"(?:TODO|TO-DO|FIXME|TBD|TBA|TBC|TKTK|XXX)"
_NOT_A_NOTE = (
    r"(?!\s*(?:应用|App|清单|列表|list|事项|软件|工具|管理|任务|类|产品|注释|comment|apps?\b|items?\b"
    r"|tasks?\b))"
)
_THING = (
    r"(?:标题|题目|内容|正文|摘要|概要|链接|原文|网址|日期|来源|姓名|名称|作者|图片|配图|图|数字|数据"
    r"|点评|评论|导语|小结|背景|文字|文本"
    r"|简介|描述|一段|一句|一张图|说明|新闻|观点|引言|结语|标语)"
)
_THING_EN = (
    r"(?:title|headline|summary|text|content|body|link|url|source|date|name|image|photo|caption"
    r"|description|introduction|intro|comment|story|copy|details|quote|figure|number|paragraph)"
)
_PUT = r"(?:补充|补上|补一?[段句个张]?|填写|填入|填|插入|添加|替换|完善|粘贴|输入|放|写|贴|加)"

NOTES: tuple[Row, ...] = (
    # TODO  TODO：补链接  [TODO 核实]  标题 TBD
    anywhere(
        rf"^\W*(?:TODO|TO-DO|FIXME|XXX|TKTK)\b{_NOT_A_NOTE}|^\W*todo\s*(?:[:(]|(?:write|add|fix|check"
        rf"|link|update)\b)",
    ),
    anywhere(
        rf"[\[(]\s*(?:{_TASK}|TK)\b[^\])]{{0,40}}[\])]|(?<![A-Za-z]){_TASK}\s*(?:\([^)]{{0,16}}\))?\s*:",
    ),
    alone(rf"{_TASK}|(?:新闻|本期)?{_THING}\s*{_TASK}|(?:\w+ )?{_THING_EN}\s*{_TASK}"),
    alone(r"TK|tk|n/?a"),
    # 待补充  （待编辑补充）  内容待完善
    alone(
        r"(?:内容|正文|标题|摘要|此处|这里|数字|数据|来源|链接)?(?:尚|仍|还)?待(?:编辑|作者"
        r"|记者)?(?:补充?|补全|完善|填写?|翻译|编辑|更新|定|续|校对|核实|确认|审核?|写|撰写|插图|配图)"
        r"(?:内容|数字|数据|来源|信息|部分|中)?",
    ),
    alone(
        r"未(?:完成|翻译|填写|命名|编辑|校对|完待续)|无(?:标题|题|正文|摘要)|未命名\d*|新建文档\d*"
        r"|标题待定|(?:正在)?(?:编辑|整理|撰写|翻译|更新|建设)中",
    ),
    alone(r"内容(?:待|正在|还在|建设)[^,。]{0,8}(?:[,]?敬请期待)?"),
    bracketed(r"(?:待|需)(?:编辑|记者|作者)?(?:补充|补全|补|填写|填|完善|续|编辑|翻译|插图|配图|写)|内容待"),
    bracketed(
        rf"(?:在此|此处|这里|请在此处?|请)(?:待|需要?|应|要|可)?{_PUT}|请(?:删除|删去|编辑|记者|核对"
        rf"|核实|替换)",
    ),
    bracketed(
        rf"{_THING}(?:待定|待补充?|缺失|缺|暂缺|为空|略|暂无)|(?:此处|这里)缺|无(?:内容|标题|摘要|正文"
        rf"|配?图)|略\s*(?=[)\]])",
    ),
    anywhere(
        r"(?:标题|题目|内容|正文|摘要|链接|图片|配图|作者|导语|点评)(?:待|尚待)(?:补充?|填写?|完善|写)"
        r"|(?:标题|题目|摘要)待定",
    ),
    anywhere(
        rf"此处(?:待|需要?|应|请|要)?(?:补充|补上|补一段|填写|填入|插入|添加|替换|完善)|此处(?:待补"
        rf"|应(?:写|填|补)|应(?:为|是)一?(?:张|个|段|条)?{_THING}|应?(?:有|配|放)(?:图|配图|链接|数据"
        rf"|来源|一段|内容))",
    ),
    anywhere(
        r"这里(?:待|需要?|还要|应|请|要)(?:补|填|插|添|替换|完善)|(?:以下|下面)(?:待|请)(?:补|填|插|添"
        r"|完善)",
    ),
    alone(
        rf"(?:请)?在?(?:此处?|这里|在此)(?:是|为|要?放|写|填写?|要?输入|粘贴|插入|要?补|添加|需要?"
        rf"|应该?|待)[^,。]{{0,6}}{_THING}[^,。]{{0,6}}",
    ),
    alone(
        rf"请(?:您)?(?:在)?(?:此处?|这里)?(?:输入|填写|补充|替换(?:为|成)?|插入|添加|编辑)"
        rf"[^,。]{{0,8}}{_THING}[^,。]{{0,4}}",
    ),
    alone(r"(?:点击|单击|双击|轻触)[^,。]{0,6}(?:编辑|添加|输入|修改)[^,。]{0,10}"),
    alone(rf"(?:需要?|要|请)?(?:补充|核实|更新)(?:[^,。]{{0,4}}){_THING}"),
    # 标题：待定
    alone(
        r"(?:标题|题目|摘要|正文|内容|来源|链接|原文|作者|编辑|图片|导语|日期|时间|title|headline"
        r"|summary|source|link|url|author|date|image)\s*:\s*(?:待定|待补充?|待填|无|暂无|未知|空|缺|#"
        r"|X+|tbd|tba|tbc|none|unknown|n/?a|todo|\?+|-+)?",
    ),
    alone(r"暂无(?:数据|相关内容|相关新闻|更多|摘要|内容|简介|标题|描述|正文|链接|详情|图片)|暂无"),
    anywhere(r"暂无(?:摘要|内容|简介|标题|描述|正文|链接|详情)\W*$"),
    # 编辑：请核对  @小林 补一下  发布前删除
    anywhere(
        r"(?:链接|来源|数据|图片|配图|摘要|标题|正文|内容)(?:回头|晚点|随后|之后)(?:再)?(?:补|加|换|填"
        r"|上传)|(?:图|链接|摘要|来源)稍后(?:再)?补",
    ),
    alone(
        r"(?:请|需)(?:编辑|记者|小编|同事)(?:们)?(?:补|核|确认|替换|修改)[^。]{0,12}|(?:编辑|编者|记者"
        r"|译者)(?:备注|注意|注)?\s*:\s*(?:请|待|需|此处|这里|发布)[^。]{0,24}",
    ),
    alone(r"@\S{1,8}\s*[^。]{0,10}(?:核对|核实|核一下|补|改|确认|看一下|检查)[^。]{0,6}"),
    alone(r"\S{1,4}\s*:\s*(?:这里|这段|此处|这句|这条)[^。]{0,12}(?:删|改|核|补|确认|换)[^。]{0,6}"),
    alone(
        r"[^。]{0,12}(?:发布|发稿|上线|发送|群发)前(?:请)?(?:务必)?(?:删除|删去|核对|替换|确认|检查"
        r"|核实|改)[^。]{0,8}",
    ),
    alone(
        r"[^。]{0,8}(?:仅供内部|内部(?:资料|备注|审阅|使用|草稿|稿))[^。]{0,12}|草稿[,]?(?:请勿|不要"
        r"|勿|别)[^。]{0,6}|(?:请勿|不要|切勿)(?:发布|外传|发送|群发)",
    ),
    # In English.
    alone(
        rf"(?:your|the|insert|add|enter|type|write|put|place)\s+(?:your |the |a |an "
        rf"|some )?(?:\w+ )?{_THING_EN}(?: goes)?(?: here)",
    ),
    alone(
        rf"(?:\w+ )?{_THING_EN} goes here|(?:double |single )?click (?:here )?to (?:edit|add|change)"
        rf"[^.]{{0,20}}|replace (?:this|with|me)\b[^.]{{0,24}}",
    ),
    alone(
        rf"(?:{_THING_EN}|more|content)(?:s)? (?:coming soon|to follow|to come|to be added|tbd|pending)"
        rf"(?: here)?|(?:more )?to (?:be (?:added|written|confirmed|completed|determined|announced"
        rf"|decided)|come|follow)(?: here)?|coming soon(?:: ?{_THING_EN})?",
    ),
    alone(
        rf"no {_THING_EN}(?: (?:available|yet|provided|found))?|untitled(?: \w+)?|this is (?:just "
        rf"|only )?(?:a |an |some )?(?:test|placeholder|sample|dummy|example)(?: \w+)?",
    ),
    alone(
        r"(?:note to (?:the )?(?:editor|self)|editor(?:'s note)?|editors)\s*:\s*(?:please|check|remove"
        r"|delete|todo|verify|fix|add)[^.]{0,40}|@\w+ (?:please|can you)\b[^.]{0,30}",
    ),
    alone(
        r"[^.]{0,30}\b(?:remove|delete) (?:this )?before (?:publishing|sending|publication)[^.]{0,10}"
        r"|internal (?:use )?only|for internal use(?: only)?|do not (?:publish|send|distribute)"
        r"|draft\W+do not \w+|draft only|not for publication",
    ),
    anywhere(
        r"\bPLACEHOLDER\b|\b(?:your (?:name|text|title|link|content|company)(?: goes)? here|(?:insert"
        r"|add) (?:\w+ ){0,2}(?:title|headline|summary|text|content|link|url|source|name|image|photo"
        r"|caption|comment|quote|introduction|description) here)\b",
    ),
)
