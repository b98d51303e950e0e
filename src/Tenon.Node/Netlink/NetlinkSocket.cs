using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tenon.Nodes.Netlink;

/// <summary>A socket of rtnetlink(7). It stays in the network namespace in which it was opened, whichever thread uses it. Not for two threads at once.</summary>
internal sealed class NetlinkSocket : IDisposable
{
    private const ushort Error = 2;
    private const ushort Done = 3;
    private const ushort FlagAcknowledge = 4;
    private const ushort FlagInterrupted = 0x10;
    private const ushort FlagExplained = 0x200;
    private const int HeaderLength = 16;
    private const int Interrupted = 4;
    private const int BadMessage = 74;
    private const int ConsistentListAttempts = 10;
    private readonly int _descriptor;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private uint _sequence;

    private NetlinkSocket(int descriptor) => _descriptor = descriptor;

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static NetlinkSocket Open()
    {
        int descriptor = Native.Socket(Native.AfNetlink, Native.SockRaw | Native.CloseOnExec, Native.NetlinkRoute);
        if (descriptor < 0) throw new NetlinkException("open a netlink socket", Marshal.GetLastPInvokeError());
        // Errors then say what is wrong in words, and leave the request out. A kernel that does neither is as good, only terser.
        int on = 1;
        _ = Native.SetSocketOption(descriptor, Native.SolNetlink, Native.NetlinkExtendedAcknowledge, ref on, sizeof(int));
        _ = Native.SetSocketOption(descriptor, Native.SolNetlink, Native.NetlinkCapAcknowledge, ref on, sizeof(int));
        return new(descriptor);
    }

    /// <summary>Opens a socket in a network namespace, where it stays.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static NetlinkSocket Open(NetworkNamespace space) => space.Run(Open);

    /// <summary>Sends a request and waits for the kernel's acknowledgement.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public void Do(string what, NetlinkMessage message) => _ = Ask(what, message);

    /// <summary>Sends a request and returns the messages of the answer: their types and what follows their headers.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public List<(ushort Type, byte[] Body)> Ask(string what, NetlinkMessage message)
    {
        // What changes while the kernel lists it makes the list inconsistent, which it says.
        for (int attempt = 1; ; attempt++)
        {
            if (TryAsk(what, message, out List<(ushort, byte[])> answer) || attempt == ConsistentListAttempts) return answer;
        }
    }

    private bool TryAsk(string what, NetlinkMessage message, out List<(ushort Type, byte[] Body)> answer)
    {
        answer = [];
        bool consistent = true;
        uint sequence = ++_sequence;
        ReadOnlySpan<byte> bytes = message.ToBytes(sequence);
        if (Native.Send(_descriptor, bytes, bytes.Length, 0) < 0) throw new NetlinkException(what, Marshal.GetLastPInvokeError());
        while (true)
        {
            int length = Receive(what);
            for (int at = 0; at + HeaderLength <= length;)
            {
                ReadOnlySpan<byte> rest = _buffer.AsSpan(at, length - at);
                int size = (int)BinaryPrimitives.ReadUInt32LittleEndian(rest);
                if (size < HeaderLength || size > rest.Length) throw new NetlinkException(what, BadMessage, "the kernel's answer is cut");
                rest = rest[..size];
                ushort type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
                ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]);
                at += (size + 3) & ~3;
                // What is left of an answer that was given up before is passed over.
                if (BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]) != sequence) continue;
                consistent &= (flags & FlagInterrupted) == 0;
                if (type == Done) return consistent;
                if (type == Error)
                {
                    int error = -BinaryPrimitives.ReadInt32LittleEndian(rest[HeaderLength..]);
                    return error == 0 ? consistent : throw new NetlinkException(what, error, Explanation(rest, flags));
                }

                answer.Add((type, rest[HeaderLength..].ToArray()));
            }
        }
    }

    private int Receive(string what)
    {
        while (true)
        {
            int length = (int)Native.Receive(_descriptor, _buffer, _buffer.Length, 0);
            if (length >= 0) return length;
            int error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) throw new NetlinkException(what, error);
        }
    }

    /// <summary>What the kernel says of an error in words (NLMSGERR_ATTR_MSG); it follows the errno and the header of the request.</summary>
    private static string? Explanation(ReadOnlySpan<byte> error, ushort flags)
    {
        const int attributes = HeaderLength + 4 + HeaderLength;
        if ((flags & FlagExplained) == 0 || error.Length <= attributes) return null;
        return Attributes.Read(error[attributes..]).Text(1) is { Length: > 0 } text ? text : null;
    }

    /// <summary>The flags of a request that makes something.</summary>
    public static ushort Create(bool replace = false) => (ushort)(1 | FlagAcknowledge | 0x400 | (replace ? 0x100 : 0x200));

    /// <summary>The flags of a request that changes something.</summary>
    public const ushort Change = 1 | FlagAcknowledge;

    /// <summary>The flags of a request for all of a kind.</summary>
    public const ushort Dump = 1 | 0x300;

    public void Dispose() => _ = Native.Close(_descriptor);
}
