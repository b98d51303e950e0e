using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>Watches: a line a change, bookmarks, and the ends that the real server has.</summary>
internal sealed class WatchHandler(ObjectOperations objects, CancellationToken stopping)
{
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestDefault = TimeSpan.FromMinutes(30);

    /// <summary>Streams changes until the client leaves, the time is over, or the watch is ended.</summary>
    public async Task HandleAsync(HttpContext context, ObjectTarget target, Selection selection)
    {
        IQueryCollection query = context.Request.Query;
        Negotiation negotiation = Negotiation.Of(context.Request);
        string? space = target.Namespace.Length == 0 ? null : target.Namespace;
        string version = query["resourceVersion"].ToString();
        bool bookmarks = RequestInfo.IsTrue(query["allowWatchBookmarks"].ToString() is { Length: > 0 } flag ? flag : "false");
        bool initialEvents = query["sendInitialEvents"].ToString() == "true";
        var initial = new List<StoredObject>();
        WatchSubscription subscription;
        long revision;
        if (version is "" or "0" || initialEvents)
        {
            (Snapshot snapshot, subscription) = objects.Store.ListAndWatch(target.Definition.StoredAs, space);
            initial.AddRange(snapshot.Table.InOrder(space).Where(selection.Includes));
            revision = snapshot.Revision;
        }
        else
        {
            if (!long.TryParse(version, out revision)) throw ApiException.NoVersion(version);
            try
            {
                subscription = objects.Store.Watch(target.Definition.StoredAs, space, revision);
            }
            catch (ApiException e) when (e.Code == 410)
            {
                // A watch that begins too late is told so in its stream, as by the real server's watch cache.
                context.Response.ContentType = "application/json";
                await new EventWriter(context, target, negotiation, objects.Time).ErrorAsync(e, context.RequestAborted);
                return;
            }
        }

        using (subscription)
        {
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            context.Response.StatusCode = 200;
            context.Response.ContentType = negotiation.Form == ObjectForm.Plain ? "application/json" : $"application/json;stream=watch";
            context.Response.Headers.CacheControl = "no-cache, private";
            TimeSpan timeout = long.TryParse(query["timeoutSeconds"].ToString(), out long seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : ShortestDefault;
            using var time = new CancellationTokenSource(timeout, objects.Time);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping, time.Token);
            var writer = new EventWriter(context, target, negotiation, objects.Time);
            try
            {
                foreach (StoredObject stored in initial) await writer.WriteAsync("ADDED", stored, end.Token);
                if (initialEvents && bookmarks) await writer.BookmarkAsync(revision, initial: true, end.Token);
                await context.Response.Body.FlushAsync(end.Token);
                await StreamAsync(subscription, selection, writer, bookmarks ? new(objects.Time, timeout) : null, revision, end.Token);
            }
            catch (OperationCanceledException)
            {
                // The client left, the time is over, or the server stops: the stream just ends.
            }

            if (subscription.Ended == WatchEnd.Dropped) context.Abort();
            else if (subscription.Ended is WatchEnd.Expired or WatchEnd.TooSlow && !context.RequestAborted.IsCancellationRequested)
                await writer.ErrorAsync(ApiException.Expired("The resourceVersion for the provided watch is too old."), context.RequestAborted);
        }
    }

    private async Task StreamAsync(
        WatchSubscription subscription, Selection selection, EventWriter writer, BookmarkTimes? bookmarks, long revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<bool> more = subscription.WaitAsync(cancellationToken).AsTask();
            while (bookmarks is not null && !more.IsCompleted)
            {
                Task tick = Task.Delay(bookmarks.UntilNext(), objects.Time, cancellationToken);
                if (await Task.WhenAny(more, tick) == more) break;
                await tick;

                // Everything of this resource up to the store's revision was delivered, so the bookmark may carry it.
                long reached = Math.Max(revision, objects.Store.Revision);
                if (more.IsCompleted || subscription.HasPending) break;
                revision = reached;
                await writer.BookmarkAsync(revision, initial: false, cancellationToken);
                bookmarks.Sent();
                await writer.FlushAsync(cancellationToken);
            }

            if (!await more) return;
            while (subscription.TryRead(out StoreEvent? change))
            {
                revision = change.Revision;
                bool now = change.Kind != ChangeKind.Deleted && selection.Includes(change.Object);
                bool before = change.Previous is not null && selection.Includes(change.Previous);
                string? type = (before, now) switch { (false, true) => "ADDED", (true, true) => "MODIFIED", (true, false) => "DELETED", _ => null };
                if (type is not null) await writer.WriteAsync(type, type == "DELETED" ? Last(change) : change.Object, cancellationToken);
            }

            await writer.FlushAsync(cancellationToken);
        }
    }

    /// <summary>What a watch shows of an object that leaves its selection: its last state inside, with the version that took it out.</summary>
    private static StoredObject Last(StoreEvent change)
    {
        if (change.Kind == ChangeKind.Deleted || change.Previous is not { } previous) return change.Object;
        JsonObject document = previous.Document.Copy();
        document.Ensure("metadata")["resourceVersion"] = change.Revision.ToString();
        return new StoredObject(previous.Resource, document, change.Revision);
    }

    /// <summary>When bookmarks are due: every so often, and once shortly before a watch ends by its timeout.</summary>
    private sealed class BookmarkTimes(TimeProvider time, TimeSpan timeout)
    {
        private static readonly TimeSpan BeforeEnd = TimeSpan.FromSeconds(2);
        private readonly long _began = time.GetTimestamp();
        private bool _last;

        public TimeSpan UntilNext()
        {
            TimeSpan untilLast = UntilLast();
            return _last || untilLast > BookmarkEvery ? BookmarkEvery : untilLast > TimeSpan.Zero ? untilLast : TimeSpan.Zero;
        }

        public void Sent() => _last = UntilLast() <= TimeSpan.Zero;

        private TimeSpan UntilLast() => timeout - BeforeEnd - time.GetElapsedTime(_began);
    }

    /// <summary>Writes events, one a line, an object's bytes being made once for all watches.</summary>
    private sealed class EventWriter(HttpContext context, ObjectTarget target, Negotiation negotiation, TimeProvider time)
    {
        private bool _headingsSent;

        public Task FlushAsync(CancellationToken cancellationToken) => context.Response.Body.FlushAsync(cancellationToken);

        public async Task WriteAsync(string type, StoredObject stored, CancellationToken cancellationToken)
        {
            if (negotiation.Form == ObjectForm.Plain)
            {
                Stream body = context.Response.Body;
                await body.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":"), cancellationToken);
                await body.WriteAsync(Answer.Whole(stored, target.Definition, target.Version), cancellationToken);
                await body.WriteAsync("}\n"u8.ToArray(), cancellationToken);
                return;
            }

            JsonObject shown = negotiation.Form == ObjectForm.Metadata
                ? Tables.PartialMetadata(stored.Document, negotiation.MetaVersion)
                : Tables.Make([stored], target.Definition, target.Version, negotiation.MetaVersion,
                    context.Request.Query["includeObject"].ToString() is { Length: > 0 } given ? given : "Metadata",
                    new JsonObject { ["resourceVersion"] = stored.Revision.ToString() }, !_headingsSent, time.GetUtcNow());
            _headingsSent = true;
            await LineAsync(new JsonObject { ["type"] = type, ["object"] = shown }, cancellationToken);
        }

        public Task BookmarkAsync(long revision, bool initial, CancellationToken cancellationToken)
        {
            var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(), ["creationTimestamp"] = null };
            if (initial) metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            return LineAsync(new JsonObject
            {
                ["type"] = "BOOKMARK",
                ["object"] = new JsonObject { ["kind"] = target.Definition.Kind, ["apiVersion"] = target.GroupVersion.ToString(), ["metadata"] = metadata },
            }, cancellationToken);
        }

        public async Task ErrorAsync(ApiException error, CancellationToken cancellationToken)
        {
            await LineAsync(new JsonObject { ["type"] = "ERROR", ["object"] = error.ToStatus() }, cancellationToken);
            await FlushAsync(cancellationToken);
        }

        private async Task LineAsync(JsonObject line, CancellationToken cancellationToken)
        {
            await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes<JsonNode>(line, JsonSerializerOptions.Default), cancellationToken);
            await context.Response.Body.WriteAsync("\n"u8.ToArray(), cancellationToken);
        }
    }
}
