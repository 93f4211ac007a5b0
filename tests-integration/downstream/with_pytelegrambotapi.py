"""pyTelegramBotAPI: a session that is made again where its loop no longer runs."""

import asyncio
import io
import sys

from telebot import asyncio_helper
from telebot.async_telebot import AsyncTeleBot
from telebot.asyncio_helper import ApiTelegramException


async def main(url: str, *_: str) -> None:
    asyncio_helper.API_URL = url + "bot{0}/{1}"
    bot = AsyncTeleBot("0:1")
    print((await bot.get_me()).username)
    print((await bot.send_message(1, "прилив")).text)
    file = io.BytesIO(b"low tide")
    file.name = "tide.txt"
    print((await bot.send_document(1, file)).text)
    try:
        await bot.delete_message(1, 1)
    except ApiTelegramException as fault:
        print(fault.error_code, fault.description)
    await bot.close_session()


for _again in range(2):
    asyncio.run(main(*sys.argv[1:]))
