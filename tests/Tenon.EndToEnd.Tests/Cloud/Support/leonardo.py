"""The application of the tests: shows the notes that are in a database, and takes new ones.

leonardo.py NAME PORT READER WRITER

  GET   answers {"app": NAME, "database": ADDRESS, "notes": [TEXT...]}; ADDRESS is what the server behind READER calls itself
  POST  writes the body as a note through WRITER
"""
import http.server
import json
import sys

import psycopg2

NAME, PORT, READER, WRITER = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


def run(host, statement, *arguments):
    """Each in a connection of its own, so that every request is balanced anew."""
    connection = psycopg2.connect(host=host, user='postgres', connect_timeout=20)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall()
    finally:
        connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(lambda: (200, show()))

    def do_POST(self):
        text = self.rfile.read(int(self.headers['Content-Length'])).decode()
        self.answer(lambda: (201, run(WRITER, 'INSERT INTO note (text) VALUES (%s) RETURNING id', text)))

    def answer(self, work):
        try:
            status, content = work()
        except psycopg2.Error as e:
            status, content = 503, str(e)
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def show():
    rows = run(READER, 'SELECT host(inet_server_addr()), text FROM note ORDER BY id')
    return {'app': NAME, 'database': rows[0][0], 'notes': [text for _, text in rows]}


http.server.ThreadingHTTPServer(('', PORT), Handler).serve_forever()
