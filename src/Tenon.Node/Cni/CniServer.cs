using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.Nodes.Netlink;

namespace Tenon.Nodes.Cni;

/// <summary>Serves the plugin on a unix socket that only root may use (<see cref="CniWire"/>).</summary>
/// <param name="path">The socket.</param>
/// <param name="answer">Answers a call.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class CniServer(string path, Func<CniRequest, CancellationToken, Task<CniReply>> answer, TimeProvider time, ILogger<CniServer> logger) : IDisposable
{
    private const int MostCalls = 1024;
    private const int MostReads = 16;
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private readonly SemaphoreSlim _calls = new(MostCalls);
    private readonly SemaphoreSlim _reads = new(MostReads);

    /// <summary>Listens; when this returns, callers are let in as soon as <see cref="RunAsync"/> runs.</summary>
    /// <exception cref="IOException">Another agent listens there, or nobody may.</exception>
    public Socket Listen()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (IsServed()) throw new IOException($"another agent listens on {path}; two on one node would undo each other's work");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Bound aside and renamed: whoever finds it finds it with its rights, and never finds none.
            string aside = path + ".new";
            File.Delete(aside);
            socket.Bind(new UnixDomainSocketEndPoint(aside));
            File.SetUnixFileMode(aside, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(backlog: 512);
            File.Move(aside, path, overwrite: true);
            LogListening(path);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"cannot listen on {path}: {e.Message}", e);
        }
    }

    /// <summary>Serves until cancelled; calls that are being answered then are ended, and awaited.</summary>
    public async Task RunAsync(Socket listener, CancellationToken cancellationToken)
    {
        var running = new HashSet<Task>();
        try
        {
            while (true)
            {
                await _calls.WaitAsync(cancellationToken);
                Socket caller = await listener.AcceptAsync(cancellationToken);
                running.RemoveWhere(t => t.IsCompleted);
                running.Add(Task.Run(() => ServeAsync(caller, cancellationToken), CancellationToken.None));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(running);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _calls.Dispose();
        _reads.Dispose();
    }

    private async Task ServeAsync(Socket caller, CancellationToken cancellationToken)
    {
        using (caller)
        {
            try
            {
                CniReply reply = await ReadAsync(caller, cancellationToken) is { } request
                    ? await AnswerAsync(caller, request, cancellationToken)
                    : new CniReply(1, CniResult.Of(new CniError(CniError.Decoding, $"the call is no {CniWire.Greeting}, is larger than {CniWire.LargestCall} bytes, or did not come whole within {ReadLimit.TotalSeconds:0} s"), "1.0.0"));
                string text = $"{reply.ExitCode}\n{reply.Output?.ToJsonString(JsonSerializerOptions.Default)}";
                ReadOnlyMemory<byte> rest = Encoding.UTF8.GetBytes(text);
                while (!rest.IsEmpty) rest = rest[await caller.SendAsync(rest, cancellationToken)..];
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The caller has gone, or the agent is ending: the runtime asks again, and every call may be repeated.
                LogAbandoned(e.Message);
            }
            catch (Exception e)
            {
                LogBroken(e);
            }
            finally
            {
                _calls.Release();
            }
        }
    }

    /// <summary>Has a call answered. An ADD ends with the plugin that asked for it: a runtime that has killed it has given the container up. Any other call is carried out.</summary>
    private async Task<CniReply> AnswerAsync(Socket caller, CniRequest request, CancellationToken cancellationToken)
    {
        if (request.Command != "ADD") return await answer(request, cancellationToken);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task watching = WatchAsync(caller, gone, answered.Token);
        try
        {
            return await answer(request, gone.Token);
        }
        finally
        {
            await answered.CancelAsync();
            await watching;
        }
    }

    /// <summary>
    /// Cancels once the caller has closed its socket. It has shut its side down already, so that reading tells nothing more; that the other side is closed too,
    /// only poll(2) says.
    /// </summary>
    private async Task WatchAsync(Socket caller, CancellationTokenSource gone, CancellationToken cancellationToken)
    {
        using var look = new PeriodicTimer(Look, time);
        try
        {
            while (await look.WaitForNextTickAsync(cancellationToken))
            {
                if (!Native.IsHungUp((int)caller.Handle)) continue;
                await gone.CancelAsync();
                return;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It is answered.
        }
    }

    /// <summary>Reads a call; <see langword="null"/> where it is malformed, too large or too slow.</summary>
    private async Task<CniRequest?> ReadAsync(Socket caller, CancellationToken cancellationToken)
    {
        await _reads.WaitAsync(cancellationToken);
        using var limit = new CancellationTokenSource(ReadLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            byte[] buffer = new byte[8 * 1024];
            int length = 0;
            while (true)
            {
                int read = await caller.ReceiveAsync(buffer.AsMemory(length), both.Token);
                if (read == 0) return Parse(buffer.AsSpan(0, length));
                length += read;
                if (length < buffer.Length) continue;
                if (length >= CniWire.LargestCall) return null;
                Array.Resize(ref buffer, Math.Min(buffer.Length * 4, CniWire.LargestCall));
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            _reads.Release();
        }
    }

    internal static CniRequest? Parse(ReadOnlySpan<byte> call)
    {
        var variables = new Dictionary<string, string>();
        bool greeted = false;
        while (true)
        {
            int end = call.IndexOf((byte)0);
            if (end < 0) return null;
            string text = Encoding.UTF8.GetString(call[..end]);
            call = call[(end + 1)..];
            if (!greeted)
            {
                if (text != CniWire.Greeting) return null;
                greeted = true;
                continue;
            }

            if (text.Length == 0) break;
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) return null;
            variables[text[..equals]] = text[(equals + 1)..];
        }

        return new CniRequest
        {
            Command = variables.GetValueOrDefault("CNI_COMMAND", ""),
            ContainerId = variables.GetValueOrDefault("CNI_CONTAINERID"),
            NetworkNamespace = variables.GetValueOrDefault("CNI_NETNS"),
            InterfaceName = variables.GetValueOrDefault("CNI_IFNAME"),
            Arguments = variables.GetValueOrDefault("CNI_ARGS"),
            Configuration = Configuration(call),
        };
    }

    private static JsonObject? Configuration(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether somebody accepts calls; a socket that an ended agent left does not.</summary>
    private bool IsServed()
    {
        if (!File.Exists(path)) return false;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Listening on {Path}")]
    private partial void LogListening(string path);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A call was abandoned: {Message}")]
    private partial void LogAbandoned(string message);

    [LoggerMessage(Level = LogLevel.Error, Message = "A call could not be answered")]
    private partial void LogBroken(Exception exception);
}
