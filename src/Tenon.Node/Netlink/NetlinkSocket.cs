using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tenon.Node.Netlink;

/// <summary>A socket of rtnetlink(7). It stays in the network namespace in which it was opened, whichever thread uses it. Not for two threads at once.</summary>
internal sealed class NetlinkSocket : IDisposable
{
    private const ushort Error = 2;
    private const ushort Done = 3;
    private const ushort FlagAcknowledge = 4;
    private readonly int _descriptor;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private uint _sequence;

    private NetlinkSocket(int descriptor) => _descriptor = descriptor;

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static NetlinkSocket Open()
    {
        int descriptor = Native.Socket(Native.AfNetlink, Native.SockRaw | Native.CloseOnExec, Native.NetlinkRoute);
        return descriptor < 0 ? throw new NetlinkException("open a netlink socket", Marshal.GetLastPInvokeError()) : new(descriptor);
    }

    /// <summary>Sends a request and waits for the kernel's acknowledgement.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public void Do(string what, NetlinkMessage message)
    {
        foreach ((ushort _, byte[] _) in Ask(what, message)) { }
    }

    /// <summary>Sends a request and returns the messages of the answer: their types and what follows their headers.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public List<(ushort Type, byte[] Body)> Ask(string what, NetlinkMessage message)
    {
        uint sequence = ++_sequence;
        ReadOnlySpan<byte> bytes = message.ToBytes(sequence);
        if (Native.Send(_descriptor, bytes, bytes.Length, 0) < 0) throw new NetlinkException(what, Marshal.GetLastPInvokeError());
        var answer = new List<(ushort, byte[])>();
        while (true)
        {
            int length = (int)Native.Receive(_descriptor, _buffer, _buffer.Length, 0);
            if (length < 0) throw new NetlinkException(what, Marshal.GetLastPInvokeError());
            for (int at = 0; at + 16 <= length;)
            {
                ReadOnlySpan<byte> rest = _buffer.AsSpan(at, length - at);
                int size = (int)BinaryPrimitives.ReadUInt32LittleEndian(rest);
                ushort type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
                bool ours = BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]) == sequence;
                at += (size + 3) & ~3;
                // What is left of an answer that was given up before is passed over.
                if (!ours) continue;
                if (type == Done) return answer;
                if (type == Error)
                {
                    int error = -BinaryPrimitives.ReadInt32LittleEndian(rest[16..]);
                    return error == 0 ? answer : throw new NetlinkException(what, error);
                }

                answer.Add((type, rest[16..size].ToArray()));
            }
        }
    }

    /// <summary>The flags of a request that makes something.</summary>
    public static ushort Create(bool replace = false) => (ushort)(1 | FlagAcknowledge | 0x400 | (replace ? 0x100 : 0x200));

    /// <summary>The flags of a request that changes something.</summary>
    public const ushort Change = 1 | FlagAcknowledge;

    /// <summary>The flags of a request for all of a kind.</summary>
    public const ushort Dump = 1 | 0x300;

    public void Dispose() => _ = Native.Close(_descriptor);
}
