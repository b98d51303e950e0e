using System.Runtime.InteropServices;
using System.Text;
using Tenon.Nodes.Cni;

namespace Tenon.Cni;

/// <summary>What the agent answered, or why it did not.</summary>
internal readonly ref struct Reply
{
    public int ExitCode { get; init; }

    public ReadOnlySpan<byte> Output { get; init; }

    public string? Failure { get; init; }
}

/// <summary>One call of the agent.</summary>
internal static unsafe class Exchange
{
    private const int LongestPath = 107;
    private const int LargestReply = 1024 * 1024;

    /// <summary>The agent has a deadline of its own, which names what it waited for; this one is for an agent that hangs.</summary>
    private const int PatienceMilliseconds = 180_000;

    /// <summary>Sends a call and waits for the answer.</summary>
    public static Reply Call(string path, ReadOnlySpan<byte> call)
    {
        byte[] name = Encoding.UTF8.GetBytes(path);
        if (name.Length is 0 or > LongestPath) return new() { Failure = $"the path of a socket is at most {LongestPath} bytes" };
        if (call.Length > CniWire.LargestCall) return new() { Failure = $"the call is larger than {CniWire.LargestCall} bytes" };
        int socket = Native.Socket(Native.AfUnix, Native.SockStream | Native.CloseOnExec, 0);
        if (socket < 0) return Failed();
        byte* address = stackalloc byte[sizeof(ushort) + LongestPath + 1];
        new Span<byte>(address, sizeof(ushort) + LongestPath + 1).Clear();
        *(ushort*)address = Native.AfUnix;
        name.CopyTo(new Span<byte>(address + sizeof(ushort), LongestPath));
        if (Native.Connect(socket, address, (uint)(sizeof(ushort) + name.Length + 1)) < 0) return Failed();
        if (!SendAll(socket, call) || Native.Shutdown(socket, Native.ShutdownWrite) < 0) return Failed();
        byte[]? answer = ReceiveAll(socket, out string? why);
        if (answer is null) return new() { Failure = why };
        int line = answer.AsSpan().IndexOf((byte)'\n');
        // An agent that ends in the middle of a call closes without an answer.
        if (line < 1 || !int.TryParse(answer.AsSpan(0, line), out int exitCode)) return new() { Failure = "it ended before it answered" };
        return new() { ExitCode = exitCode, Output = answer.AsSpan(line + 1) };
    }

    private static Reply Failed() => new() { Failure = Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()) };

    private static bool SendAll(int socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (int sent = 0; sent < bytes.Length;)
            {
                int count = (int)Native.Send(socket, start + sent, bytes.Length - sent, Native.NoSignal);
                if (count < 0 && Marshal.GetLastPInvokeError() == Native.Interrupted) continue;
                if (count < 0) return false;
                sent += count;
            }
        }

        return true;
    }

    private static byte[]? ReceiveAll(int socket, out string? why)
    {
        var descriptor = new Native.PollDescriptor { Descriptor = socket, Events = Native.PollIn };
        int ready;
        do ready = Native.Poll(&descriptor, 1, PatienceMilliseconds);
        while (ready < 0 && Marshal.GetLastPInvokeError() == Native.Interrupted);
        why = ready == 0 ? $"it took longer than {PatienceMilliseconds / 1000} s" : null;
        if (ready == 0) return null;
        byte[]? answer = Descriptors.ReadAll(socket, LargestReply);
        why = answer is null ? Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()) : null;
        return answer;
    }
}

/// <summary>Reads and writes descriptors whole.</summary>
internal static unsafe class Descriptors
{
    public const int StandardInput = 0;
    public const int StandardOutput = 1;

    /// <summary>Reads to the end; <see langword="null"/> on an error, or when there is more than allowed.</summary>
    public static byte[]? ReadAll(int descriptor, int most)
    {
        byte[] buffer = new byte[8 * 1024];
        int length = 0;
        while (true)
        {
            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            int count;
            fixed (byte* start = buffer) count = (int)Native.Read(descriptor, start + length, buffer.Length - length);
            if (count < 0 && Marshal.GetLastPInvokeError() == Native.Interrupted) continue;
            if (count < 0 || length + count > most) return null;
            if (count == 0) return buffer[..length];
            length += count;
        }
    }

    /// <summary>Writes all; whether it could.</summary>
    public static bool WriteAll(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (int written = 0; written < bytes.Length;)
            {
                int count = (int)Native.Write(descriptor, start + written, bytes.Length - written);
                if (count < 0 && Marshal.GetLastPInvokeError() == Native.Interrupted) continue;
                if (count < 0) return false;
                written += count;
            }
        }

        return true;
    }
}
