using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>Reads the lines of a watch: one JSON object each, with a type and an object.</summary>
internal static class WatchReader
{
    /// <summary>etcd stores at most about 1.5 MB; a longer line is not a Kubernetes object.</summary>
    private const int MaxLine = 32 * 1024 * 1024;

    /// <summary>The events until the stream ends. A stream that ends inside an event, or is silent for too long, is a failure.</summary>
    public static async IAsyncEnumerable<WatchEvent<T>> ReadAsync<T>(
        Stream stream, string request, TimeSpan idle, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 32 * 1024, leaveOpen: true));
        try
        {
            while (true)
            {
                ReadResult result = await NextAsync(reader, request, idle, time, cancellationToken);
                ReadOnlySequence<byte> buffer = result.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    ReadOnlySequence<byte> line = buffer.Slice(0, end);
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                    if (Parse<T>(line, request) is { } parsed) yield return parsed;
                }

                if (result.IsCompleted)
                {
                    if (buffer.Length == 0) yield break;
                    throw new KubernetesException(request, KubernetesFailure.Unreachable, "the watch broke off in the middle of an event");
                }

                if (buffer.Length > MaxLine) throw new KubernetesException(request, KubernetesFailure.Other, "an event of the watch is too long");
                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static async ValueTask<ReadResult> NextAsync(
        PipeReader reader, string request, TimeSpan idle, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(idle, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await reader.ReadAsync(both.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KubernetesException(request, KubernetesFailure.Timeout, $"the watch was silent for {idle.TotalSeconds:0} s", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new KubernetesException(request, KubernetesFailure.Unreachable, $"the watch broke off: {e.Message}", e);
        }
    }

    private static WatchEvent<T>? Parse<T>(in ReadOnlySequence<byte> line, string request)
        where T : class, IKubernetesObject
    {
        if (line.IsSingleSegment) return Parse<T>(line.FirstSpan, request);
        int length = checked((int)line.Length);
        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            line.CopyTo(rented);
            return Parse<T>(rented.AsSpan(0, length), request);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static WatchEvent<T>? Parse<T>(ReadOnlySpan<byte> line, string request)
        where T : class, IKubernetesObject
    {
        if (line.TrimEnd("\r "u8).IsEmpty) return null;
        try
        {
            (string? type, Range found) = Frame(line);
            ReadOnlySpan<byte> item = line[found];
            switch (type)
            {
                case "ADDED": return new(WatchEventType.Added, KubernetesJson.Deserialize<T>(item));
                case "MODIFIED": return new(WatchEventType.Modified, KubernetesJson.Deserialize<T>(item));
                case "DELETED": return new(WatchEventType.Deleted, KubernetesJson.Deserialize<T>(item));
                case "BOOKMARK": return new(WatchEventType.Bookmark, KubernetesJson.Deserialize<T>(item));
                case "ERROR":
                    Status status = KubernetesJson.Deserialize<Status>(item);
                    throw new KubernetesException(request, (HttpStatusCode)(status.Code == 0 ? 500 : status.Code), status);
                default:
                    throw new KubernetesException(request, KubernetesFailure.Other, $"the watch sent an event of unknown type \"{type}\"");
            }
        }
        catch (JsonException e)
        {
            throw new KubernetesException(request, KubernetesFailure.Other, $"an event of the watch cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Finds type and object of a line without reading the object.</summary>
    private static (string? Type, Range Object) Frame(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        string? type = null;
        Range found = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("expected an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isType = reader.ValueTextEquals("type"u8);
            bool isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            if (isType) type = reader.GetString();
            else reader.Skip();
            if (isObject) found = start..(int)reader.BytesConsumed;
        }

        return (type, found);
    }
}
