using System.Buffers;

namespace Tenon.Nodes.Ovsdb;

/// <summary>
/// Finds where one JSON object ends and the next begins in a stream that has no other framing. It looks at every byte once, however small the pieces in
/// which they come.
/// </summary>
internal sealed class JsonBoundary
{
    private long _seen;
    private int _depth;
    private bool _inText;
    private bool _escaped;

    /// <summary>The length of the first object in a buffer; <see langword="null"/> until all of it is there. The buffer begins where the last object ended.</summary>
    /// <exception cref="OvsdbException">It begins with something that is no object.</exception>
    public long? Next(ReadOnlySequence<byte> buffer)
    {
        foreach (ReadOnlyMemory<byte> piece in buffer.Slice(_seen))
        {
            foreach (byte one in piece.Span)
            {
                _seen++;
                if (!Take(one)) continue;
                long length = _seen;
                _seen = 0;
                return length;
            }
        }

        return null;
    }

    /// <summary>Takes a byte; whether it ends an object.</summary>
    private bool Take(byte one)
    {
        if (_inText)
        {
            if (_escaped) _escaped = false;
            else if (one == '\\') _escaped = true;
            else if (one == '"') _inText = false;
            return false;
        }

        switch (one)
        {
            case (byte)'"' when _depth > 0:
                _inText = true;
                return false;
            case (byte)'{' or (byte)'[':
                _depth++;
                return false;
            case (byte)'}' or (byte)']':
                return --_depth == 0;
            default:
                if (_depth == 0 && one is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                    throw new OvsdbException($"the server sent a message that begins with byte {one}, no JSON object");
                return false;
        }
    }
}
