using System.Net.Sockets;
using System.Text;
using Tenon.Nodes.Ovsdb;

namespace Tenon.Nodes.Tests.Support;

/// <summary>
/// Stands between an agent and the switch's database, with the real one's answers, and can hold back the news of changed rows: an agent that is told late must do
/// no harm.
/// </summary>
internal sealed class OvsdbProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(Limits.Token);
    private readonly string _database;
    private readonly Task _accepting;
    private TaskCompletionSource _open = Opened();

    /// <summary>Listens on a path, before a database.</summary>
    public OvsdbProxy(string path, string database)
    {
        _database = database;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>Holds back the news from now on.</summary>
    public void HoldNews() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Hands on what was held back, and all that comes.</summary>
    public void ReleaseNews() => _open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.InTime();
        _stop.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true) serving.Add(ServeAsync(await _listener.AcceptAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket agent)
    {
        using var database = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using (agent)
        {
            try
            {
                await database.ConnectAsync(new UnixDomainSocketEndPoint(_database), end.Token);
                await Task.WhenAny(AskAsync(agent, database, end.Token), AnswerAsync(database, agent, end.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // One of the two has gone, and takes the other along.
            }

            await end.CancelAsync();
        }
    }

    private static async Task AskAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer, cancellationToken) is > 0 and var count) await SendAsync(to, buffer.AsMemory(0, count), cancellationToken);
    }

    private async Task AnswerAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        var boundary = new JsonBoundary();
        var held = new List<byte[]>();
        byte[] rest = [], buffer = new byte[64 * 1024];
        Task<int> reading = from.ReceiveAsync(buffer, cancellationToken).AsTask();
        while (true)
        {
            if (held.Count > 0) await Task.WhenAny(reading, _open.Task);
            if (_open.Task.IsCompleted)
            {
                foreach (byte[] news in held) await SendAsync(to, news, cancellationToken);
                held.Clear();
            }

            if (held.Count > 0 && !reading.IsCompleted) continue;
            int count = await reading;
            if (count == 0) return;
            rest = [.. rest, .. buffer.AsSpan(0, count)];
            while (boundary.Next(new(rest)) is { } length)
            {
                byte[] message = rest[..(int)length];
                rest = rest[(int)length..];
                if (!_open.Task.IsCompleted && Encoding.UTF8.GetString(message).Contains("\"method\":\"update\"", StringComparison.Ordinal)) held.Add(message);
                else await SendAsync(to, message, cancellationToken);
            }

            reading = from.ReceiveAsync(buffer, cancellationToken).AsTask();
        }
    }

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty) bytes = bytes[await to.SendAsync(bytes, cancellationToken)..];
    }
}
