using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>What a list or watch selects, read from its query.</summary>
/// <param name="Definition">The resource.</param>
/// <param name="Labels">By labels.</param>
/// <param name="Fields">By fields.</param>
internal sealed record Selection(ResourceDefinition Definition, LabelSelector Labels, FieldSelector Fields)
{
    /// <summary>Whether it leaves nothing out.</summary>
    public bool IsEverything => Labels.IsEverything && Fields.IsEverything;

    /// <summary>Whether an object is selected.</summary>
    public bool Includes(StoredObject stored) => Labels.Matches(stored.Labels) && (Fields.IsEverything || Fields.Matches(Definition, stored));

    /// <summary>Reads the query.</summary>
    /// <exception cref="ApiException">400.</exception>
    public static Selection Read(IQueryCollection query, ResourceDefinition definition, string name)
    {
        try
        {
            FieldSelector fields = FieldSelector.Parse(query["fieldSelector"].ToString());
            fields.Check(definition);
            if (name.Length > 0 && fields.IsEverything) fields = FieldSelector.Parse($"metadata.name={name}");
            return new(definition, LabelSelector.Parse(query["labelSelector"].ToString()), fields);
        }
        catch (FormatException e)
        {
            throw ApiException.BadRequest(e.Message);
        }
    }
}

/// <summary>One page of a list.</summary>
/// <param name="Items">The objects.</param>
/// <param name="Revision">The revision that the whole list shows.</param>
/// <param name="Continue">Where the next page begins; empty on the last.</param>
/// <param name="Remaining">How many follow; <see langword="null"/> when unknown (selectors) or none.</param>
internal sealed record ListPage(IReadOnlyList<StoredObject> Items, long Revision, string Continue, long? Remaining)
{
    /// <summary>The list's metadata.</summary>
    public JsonObject Metadata()
    {
        var metadata = new JsonObject { ["resourceVersion"] = Revision.ToString() };
        if (Continue.Length > 0) metadata["continue"] = Continue;
        if (Remaining is { } count) metadata["remainingItemCount"] = count;
        return metadata;
    }

    /// <summary>Reads a page by limit, continue, resourceVersion and resourceVersionMatch.</summary>
    /// <exception cref="ApiException">400, 410 or 504 as the real server answers them.</exception>
    public static ListPage Read(ClusterStore store, Selection selection, string space, IQueryCollection query)
    {
        long limit = long.TryParse(query["limit"].ToString(), out long wanted) && wanted > 0 ? wanted : long.MaxValue;
        string token = query["continue"].ToString(), version = query["resourceVersion"].ToString(), match = query["resourceVersionMatch"].ToString();
        string after = "";
        Snapshot snapshot = store.List(selection.Definition.StoredAs);
        if (token.Length > 0)
        {
            (long revision, after) = Decode(token);
            if (version.Length > 0 && version != "0") throw ApiException.BadRequest("specifying resource version is not allowed when using continue");
            if (revision > 0) snapshot = store.ListAt(selection.Definition.StoredAs, revision) ?? throw Expired(snapshot.Revision, after);
        }
        else if (version.Length > 0)
        {
            if (!long.TryParse(version, out long revision)) throw ApiException.NoVersion(version);
            CheckMatch(match, revision);
            bool exact = match == "Exact" || (match.Length == 0 && limit != long.MaxValue && revision > 0);
            if (revision > snapshot.Revision) throw TooLarge(revision, snapshot.Revision);
            if (exact)
            {
                snapshot = store.ListAt(selection.Definition.StoredAs, revision)
                    ?? throw ApiException.Expired($"The resourceVersion for the provided list is too old.");
            }
        }
        else if (match.Length > 0)
        {
            throw Refused(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"));
        }

        var items = new List<StoredObject>();
        long left = 0;
        string last = "";
        foreach (StoredObject stored in snapshot.Table.InOrder(space.Length == 0 ? null : space))
        {
            string key = Key(stored);
            if (after.Length > 0 && string.CompareOrdinal(key, after) <= 0) continue;
            if (!selection.Includes(stored)) continue;
            if (items.Count >= limit)
            {
                left++;
                continue;
            }

            items.Add(stored);
            last = key;
        }

        return left == 0
            ? new(items, snapshot.Revision, "", null)
            : new(items, snapshot.Revision, Encode(snapshot.Revision, last), selection.IsEverything ? left : null);
    }

    // Ordinal order of this key is the tables' order: no name contains a character below the separator.
    private static string Key(StoredObject stored) => $"{stored.Key.Namespace}\u0001{stored.Key.Name}";

    private static string Encode(long revision, string start) => Convert.ToBase64String(Encoding.UTF8.GetBytes(
        new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = revision, ["start"] = start }.ToJsonString())).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static (long Revision, string Start) Decode(string token)
    {
        try
        {
            string padded = token.Replace('-', '+').Replace('_', '/').PadRight((token.Length + 3) / 4 * 4, '=');
            JsonNode? node = JsonNode.Parse(Convert.FromBase64String(padded));
            return (node.Long("rv") ?? 0, node.Text("start") ?? throw new FormatException());
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException)
        {
            throw ApiException.BadRequest($"invalid continue token: continue key is not valid: {e.Message}");
        }
    }

    private static void CheckMatch(string match, long revision)
    {
        if (match is not ("" or "Exact" or "NotOlderThan")) throw Refused(FieldError.NotSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]));
        if (match == "Exact" && revision == 0)
            throw Refused(FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
    }

    private static ApiException Refused(FieldError error) => ApiException.Invalid("meta.k8s.io", "ListOptions", "", [error]);

    private static ApiException Expired(long revision, string start) => new(410, "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the "
        + "continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects "
        + "that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
    {
        ListMetadata = new JsonObject { ["resourceVersion"] = revision.ToString(), ["continue"] = Encode(-1, start) },
    };

    private static ApiException TooLarge(long wanted, long current) => new(504, "Timeout", $"Timeout: Too large resource version: {wanted}, current: {current}",
        new JsonObject
        {
            ["retryAfterSeconds"] = 1,
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
        });
}
