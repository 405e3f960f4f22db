"""A text as a list of short sentences in one spelling, so that a pattern need know only that one.

Folding changes one character into one, so that a place in a folded text is the same place in the text.
However long a text is, a pattern never sees more than ``LONGEST`` characters of it, and the time that
is spent on it grows with its length and no faster.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

LONGEST = 200  # characters of one sentence; what is longer is cut, with an overlap
_OVERLAP = 60
_HEARD = 3_600  # of one passage: its beginning and its end; an email with more is held for its size

# Traditional characters of the words that the tables use, each before its simplified form.
_PAIRS = (
    "為为 這这 個个 們们 來来 請请 問问 題题 數数 據据 資资 訊讯 網网 頁页 連连 結结 鏈链 檔档 無无 確确 "
    "認认 證证 實实 時时 間间 內内 圖图 過过 還还 後后 關关 於于 業业 務务 應应 該该 當当 盡尽 沒没 會会 "
    "譯译 讀读 寫写 員员 聞闻 報报 導导 編编 輯辑 註注 標标 點点 擊击 訓训 練练 學学 習习 機机 語语 級级 "
    "別别 專专 項项 誤误 處处 對对 話话 開开 發发 現现 簡简 單单 詳详 細细 選选 擇择 優优 購购 買买 領领 "
    "贈赠 獎奖 廣广 贊赞 協协 義义 麼么 幫帮 進进 滿满 調调 試试 歡欢 隨随 給给 將将 從从 參参 載载 複复 "
    "製制 貼贴 見见 預预 覽览 閱阅 審审 態态 碼码 錄录 總总 論论 類类 經经 驗验 體体 創创 長长 縮缩 減减 "
    "約约 額额 萬万 億亿 條条 則则 讓让 達达 聽听 說说 謝谢 虛虚 擬拟 設设 計计 風风 議议 產产 構构 僅仅 "
    "憑凭 遲迟 權权 書书 並并 彙汇 潤润 飾饰 補补 遺遗 畢毕 雲云 評评 測测 營营 頭头 號号 稱称 狀状 況况 "
    "裡里 樣样 覺觉 熱热 續续 視视 訪访 畫画 榮荣 響响 斷断 訂订 費费 賺赚 傭佣 夥伙 鳴鸣 塊块 佔占 換换 "
    "舊旧 偽伪 範范 誌志 欄栏 區区 顧顾 嗎吗 煩烦 勞劳 暫暂 絡络 識识 獲获 庫库 軟软 鍵键 盤盘 腦脑 雜杂 "
    "樂乐 謹谨 嚴严 規规 詞词 傳传 遞递 瀏浏 誰谁 剛刚 紹绍 篩筛 擴扩 諾诺 釋释 師师 顯显 藝艺 讚赞 屬属 "
    "隊队 緊紧 戲戏 遊游 臺台 尋寻 歲岁 衹只 衆众 眾众 與与 輸输 幾几 轉转 較较 適适 繼继 檢检 動动 變变 "
    "負负 責责 佈布 夠够 聯联 繫系 係系 諮咨 詢询 誠诚 銷销 獨独 戶户 帳账 鐘钟 願愿 電电 郵邮 圍围 錯错 "
    "刪删 強强 氣气 聲声 準准 備备 術术 團团 歷历 東东 兩两 雙双 華华 節节 場场 貨货 價价 錢钱 銀银 終终 "
    "樓楼 麗丽 龍龙 齊齐 灣湾 國国"
)
_MARKS = '，, 、, ！! ？? ：: ；; （( ）) 【[ 】] ［[ ］] 〔[ 〕] —- –- ～~ ‘\' ’\' ＂" “" ”" ｜| ／/ ＃#'
_SIMPLIFIED = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}
_FOLDED = (
    _SIMPLIFIED
    | {ord(pair[0]): pair[1] for pair in _MARKS.split()}
    | {
        ord("\u3000"): " ",
        **{0xFF10 + digit: str(digit) for digit in range(10)},
    }
)
_END = re.compile(r"[。!?\n…]+[)\]\"']*|\.(?=\s|$)[)\]\"']*")


def fold(text: str) -> str:
    """Return ``text`` in simplified characters and plain punctuation, each in its place."""
    return text.translate(_FOLDED)


def simplify(text: str) -> str:
    """Return ``text`` in simplified characters, with its marks as they are."""
    return text.translate(_SIMPLIFIED)


@lru_cache(maxsize=1024)
def sentences(text: str) -> tuple[tuple[int, str], ...]:
    """Return (place in ``text``, folded sentence with its mark), each at most ``LONGEST`` long."""
    return tuple(
        (start + begin, sentence)
        for start, part in _heard(fold(text))
        for begin, sentence in _sentences(part)
    )


def _heard(text: str) -> Iterator[tuple[int, str]]:
    if len(text) <= _HEARD:
        yield 0, text
    else:
        half = _HEARD // 2
        yield 0, text[:half]
        yield len(text) - half, text[-half:]


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    begin = 0
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        sentence = text[begin:end]
        lead = len(sentence) - len(sentence.lstrip())
        if sentence.strip():
            yield from _windows(begin + lead, sentence.strip())
        begin = end


def _windows(begin: int, sentence: str) -> Iterator[tuple[int, str]]:
    for at in range(0, max(1, len(sentence) - _OVERLAP), LONGEST - _OVERLAP):
        yield begin + at, sentence[at : at + LONGEST]
