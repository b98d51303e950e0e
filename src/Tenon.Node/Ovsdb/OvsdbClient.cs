using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Tenon.Node.Ovsdb;

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
            throw new OvsdbException($"cannot connect to Open vSwitch's database at {path}: {e.Message}", e);
        }
    }

    /// <summary>Runs operations as one transaction and returns the result of each.</summary>
    /// <exception cref="OvsdbException">One of them failed; none has had an effect.</exception>
    public async Task<JsonArray> TransactAsync(string database, IEnumerable<JsonObject> operations, CancellationToken cancellationToken)
    {
        JsonNode? result = await CallAsync("transact", new JsonArray([database, .. operations]), cancellationToken);
        JsonArray results = result as JsonArray ?? throw new OvsdbException($"transact was answered with {result?.ToJsonString()}");
        JsonNode? failed = results.FirstOrDefault(r => r?["error"] is not null);
        return failed is null ? results : throw new OvsdbException($"{failed["error"]}: {failed["details"]}");
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
        _sending.Dispose();
        _end.Dispose();
    }

    private async Task<JsonNode?> CallAsync(string method, JsonArray parameters, CancellationToken cancellationToken)
    {
        long id = Interlocked.Increment(ref _next);
        var answer = new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = answer;
        if (_reading.IsCompleted) throw new OvsdbException("the connection to Open vSwitch's database has ended");
        try
        {
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
            for (int sent = 0; sent < bytes.Length;) sent += await _socket.SendAsync(bytes.AsMemory(sent), _end.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            throw new OvsdbException("the connection to Open vSwitch's database has ended", e);
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
            PipeReader reader = PipeReader.Create(stream);
            while (true)
            {
                ReadResult read = await reader.ReadAsync(_end.Token);
                ReadOnlySequence<byte> buffer = read.Buffer;
                while (TryTake(ref buffer, out JsonObject? message)) await HandleAsync(message!);
                if (buffer.Length > LargestMessage) throw new OvsdbException($"a message is larger than {LargestMessage} bytes");
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted) break;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or JsonException or OvsdbException)
        {
            why = e;
        }

        var ended = new OvsdbException($"the connection to Open vSwitch's database has ended{(why is null ? "" : $": {why.Message}")}", why);
        _updates.Writer.TryComplete(ended);
        foreach (TaskCompletionSource<JsonNode?> call in _calls.Values) call.TrySetException(ended);
    }

    private static bool TryTake(ref ReadOnlySequence<byte> buffer, out JsonObject? message)
    {
        message = null;
        var json = new Utf8JsonReader(buffer, isFinalBlock: false, default);
        if (buffer.IsEmpty || !JsonDocument.TryParseValue(ref json, out JsonDocument? document)) return false;
        using (document) message = JsonObject.Create(document.RootElement.Clone());
        buffer = buffer.Slice(json.BytesConsumed);
        return message is not null;
    }

    private async Task HandleAsync(JsonObject message)
    {
        switch (message["method"]?.ToString())
        {
            case "echo":
                await SendAsync(new JsonObject { ["result"] = message["params"]?.DeepClone(), ["error"] = null, ["id"] = message["id"]?.DeepClone() }, _end.Token);
                break;
            case "update":
                await _updates.Writer.WriteAsync((JsonObject)message["params"]![1]!.DeepClone(), _end.Token);
                break;
            case null when message["id"] is JsonValue value && value.TryGetValue(out long id) && _calls.TryGetValue(id, out TaskCompletionSource<JsonNode?>? call):
                if (message["error"] is { } error) call.TrySetException(new OvsdbException(error.ToJsonString()));
                else call.TrySetResult(message["result"]?.DeepClone());
                break;
        }
    }
}
