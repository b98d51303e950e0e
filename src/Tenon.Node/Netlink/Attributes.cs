using System.Buffers.Binary;
using System.Text;

namespace Tenon.Nodes.Netlink;

/// <summary>The attributes of an answer, by type.</summary>
internal sealed class Attributes
{
    private readonly Dictionary<ushort, byte[]> _values = [];

    public static Attributes Read(ReadOnlySpan<byte> bytes)
    {
        var attributes = new Attributes();
        while (bytes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            if (length < 4 || length > bytes.Length) break;
            attributes._values[(ushort)(BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]) & 0x3fff)] = bytes[4..length].ToArray();
            bytes = bytes[Math.Min((length + 3) & ~3, bytes.Length)..];
        }

        return attributes;
    }

    public byte[] Bytes(ushort type) => _values.GetValueOrDefault(type, []);

    public string Text(ushort type) => Encoding.UTF8.GetString(Bytes(type)).TrimEnd('\0');

    public uint Number(ushort type) => Bytes(type) is { Length: >= 4 } bytes ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
}
