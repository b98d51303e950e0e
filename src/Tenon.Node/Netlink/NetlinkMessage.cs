using System.Buffers.Binary;
using System.Text;

namespace Tenon.Nodes.Netlink;

/// <summary>Builds one request of rtnetlink(7): a header, a fixed part, and attributes that may nest. All numbers are in the host's order.</summary>
internal sealed class NetlinkMessage
{
    private const int HeaderLength = 16;
    private byte[] _bytes = new byte[256];
    private int _length = HeaderLength;

    public NetlinkMessage(ushort type, ushort flags)
    {
        Type = type;
        Flags = flags;
    }

    public ushort Type { get; }

    public ushort Flags { get; }

    /// <summary>Appends the fixed part.</summary>
    public NetlinkMessage Fixed(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Take(bytes.Length));
        return this;
    }

    /// <summary>Appends an attribute of bytes.</summary>
    public NetlinkMessage Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> space = Take(4 + value.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(space, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(space[2..], type);
        value.CopyTo(space[4..]);
        return this;
    }

    /// <summary>Appends an attribute of a text that ends with a zero byte.</summary>
    public NetlinkMessage Attribute(ushort type, string value) => Attribute(type, [.. Encoding.UTF8.GetBytes(value), 0]);

    /// <summary>Appends an attribute of 32 bits.</summary>
    public NetlinkMessage Attribute(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Attribute(type, bytes);
    }

    /// <summary>Appends an attribute of 16 bits.</summary>
    public NetlinkMessage Attribute(ushort type, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        return Attribute(type, bytes);
    }

    /// <summary>Appends an attribute that holds what <paramref name="inner"/> appends.</summary>
    public NetlinkMessage Nest(ushort type, Action<NetlinkMessage> inner)
    {
        int start = _length;
        Take(4);
        inner(this);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(start), (ushort)(_length - start));
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(start + 2), type);
        return this;
    }

    /// <summary>The whole message.</summary>
    public ReadOnlySpan<byte> ToBytes(uint sequence)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, (uint)_length);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(4), Type);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(6), Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(8), sequence);
        return _bytes.AsSpan(0, _length);
    }

    /// <summary>Zeroed space at the end, which stays aligned to four bytes.</summary>
    private Span<byte> Take(int length)
    {
        int aligned = (length + 3) & ~3;
        if (_length + aligned > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + aligned));
        Span<byte> space = _bytes.AsSpan(_length, length);
        _length += aligned;
        return space;
    }
}
