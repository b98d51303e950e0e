using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Tenon.Nodes.Ovsdb;

/// <summary>
/// A connection to an OVSDB server on a unix socket (RFC 7047: JSON-RPC 1.0 without framing). Calls may overlap. It answers the server's echo, hands on the
/// updates of its monitors, and is of no further use once the connection has ended.
/// </summary>
internal sealed class OvsdbClient : IAsyncDisposable
{
    private const int LargestMessage = 64 * 1024 * 1024;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonNode?>> _calls = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Channel<JsonObject> _updates = Channel.CreateUnbounded<JsonObject>(new() { SingleReader = true });
    private readonly Task _reading;
    private long _next;

    private OvsdbClient(Socket socket)
    {
        _socket = socket;
        _reading = ReadAsync();
    }

    /// <summary>The rows of monitored tables that changed, as the server's <c>update</c> has them: table, row, <c>old</c> and <c>new</c>. Ends with the connection.</summary>
    public ChannelReader<JsonObject> Updates => _updates.Reader;

    /// <summary>Connects.</summary>
    /// <param name="path">The server's socket, such as <c>/run/openvswitch/db.sock</c>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<OvsdbClient> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new OvsdbException($"cannot connect to Open vSwitch's database at {path}: {e.Message}", e) { IsDisconnected = true };
        }
    }

    /// <summary>Runs operations as one transaction and returns the result of each.</summary>
    /// <param name="what">What they do, as a person would say it.</param>
    /// <param name="database">The database.</param>
    /// <param name="operations">The operations.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <exception cref="OvsdbException">One of them failed, and none has had an effect; or the connection has ended.</exception>
    public async Task<JsonArray> TransactAsync(string what, string database, IEnumerable<JsonObject> operations, CancellationToken cancellationToken)
    {
        JsonNode? result = await CallAsync("transact", new JsonArray([database, .. operations]), cancellationToken);
        JsonArray results = result as JsonArray ?? throw new OvsdbException($"cannot {what}: transact was answered with {result?.ToJsonString() ?? "nothing"}");
        JsonNode? failed = results.FirstOrDefault(r => r is JsonObject one && one["error"] is not null);
        return failed is null ? results : throw new OvsdbException($"cannot {what}: {failed["error"]}{(failed["details"] is { } details ? $": {details}" : "")}");
    }

    /// <summary>Asks for rows and their changes from now on; the rows as they are now are the answer, changes come by <see cref="Updates"/>.</summary>
    public async Task<JsonObject> MonitorAsync(string database, string id, JsonObject requests, CancellationToken cancellationToken)
        => await CallAsync("monitor", new JsonArray(database, id, requests), cancellationToken) as JsonObject ?? [];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _socket.Dispose();
        await _reading;
        // _sending stays as it is: calls that are still on their way are to find the end of the connection there.
        _end.Dispose();
    }

    private async Task<JsonNode?> CallAsync(string method, JsonArray parameters, CancellationToken cancellationToken)
    {
        long id = Interlocked.Increment(ref _next);
        var answer = new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = answer;
        try
        {
            // Whoever ends the connection fails the calls that it finds: looked at after this one is there, none is missed.
            if (_reading.IsCompleted) throw Ended(null);
            await SendAsync(new JsonObject { ["method"] = method, ["params"] = parameters, ["id"] = id }, cancellationToken);
            return await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _calls.TryRemove(id, out _);
        }
    }

    private async Task SendAsync(JsonObject message, CancellationToken cancellationToken)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(message, OvsdbJson.Default.JsonObject);
        await _sending.WaitAsync(cancellationToken);
        try
        {
            // Half a message would spoil the connection for everybody: what is begun is sent whole.
            for (int sent = 0; sent < bytes.Length;) sent += await _socket.SendAsync(bytes.AsMemory(sent), _end.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            throw Ended(e);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReadAsync()
    {
        Exception? why = null;
        try
        {
            await using var stream = new NetworkStream(_socket, ownsSocket: false);
            PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
            var boundary = new JsonBoundary();
            while (true)
            {
                ReadResult read = await reader.ReadAsync(_end.Token);
                ReadOnlySequence<byte> buffer = read.Buffer;
                while (boundary.Next(buffer) is { } end)
                {
                    JsonObject message = Parse(buffer.Slice(0, end));
                    buffer = buffer.Slice(end);
                    await HandleAsync(message);
                }

                if (buffer.Length > LargestMessage) throw new OvsdbException($"a message is larger than {LargestMessage} bytes");
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted) break;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or JsonException or OvsdbException)
        {
            why = e;
        }

        OvsdbException ended = Ended(why);
        _updates.Writer.TryComplete(ended);
        foreach (TaskCompletionSource<JsonNode?> call in _calls.Values) call.TrySetException(ended);
    }

    private static JsonObject Parse(ReadOnlySequence<byte> message)
    {
        var reader = new Utf8JsonReader(message);
        return JsonNode.Parse(ref reader) as JsonObject ?? throw new OvsdbException("the server sent a message that is no JSON object");
    }

    private static OvsdbException Ended(Exception? why)
        => new($"the connection to Open vSwitch's database has ended{(why is null ? "" : $": {why.Message}")}", why) { IsDisconnected = true };

    private async Task HandleAsync(JsonObject message)
    {
        switch (message["method"]?.ToString())
        {
            case "echo":
                await SendAsync(new JsonObject { ["result"] = message["params"]?.DeepClone(), ["error"] = null, ["id"] = message["id"]?.DeepClone() }, _end.Token);
                break;
            case "update":
                if (message["params"] is not JsonArray { Count: 2 } update || update[1] is not JsonObject rows) throw new OvsdbException("the server sent an update without rows");
                await _updates.Writer.WriteAsync((JsonObject)rows.DeepClone(), _end.Token);
                break;
            case null when message["id"] is JsonValue value && value.TryGetValue(out long id) && _calls.TryGetValue(id, out TaskCompletionSource<JsonNode?>? call):
                if (message["error"] is { } error) call.TrySetException(new OvsdbException(error.ToJsonString()));
                else call.TrySetResult(message["result"]?.DeepClone());
                break;
        }
    }
}
