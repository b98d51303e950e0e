using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Schemas.Validation;

namespace Tenon.Sandbox.Kubernetes.Resources.Strategies;

/// <summary>Events: selectable by what they are about; those of the new group are checked more strictly, and only their series goes on.</summary>
internal sealed class EventStrategy : ResourceStrategy
{
    private static readonly string[] Kept =
    [
        "involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "type", "eventTime", "action", "related",
        "reportingComponent", "reportingInstance",
    ];

    /// <summary>Whether it is the view of events.k8s.io.</summary>
    public bool IsStrict { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields { get; } = new Dictionary<string, Func<JsonObject, string>>
    {
        ["involvedObject.kind"] = o => o.Text("involvedObject", "kind") ?? "",
        ["involvedObject.namespace"] = o => o.Text("involvedObject", "namespace") ?? "",
        ["involvedObject.name"] = o => o.Text("involvedObject", "name") ?? "",
        ["involvedObject.uid"] = o => o.Text("involvedObject", "uid") ?? "",
        ["involvedObject.apiVersion"] = o => o.Text("involvedObject", "apiVersion") ?? "",
        ["involvedObject.resourceVersion"] = o => o.Text("involvedObject", "resourceVersion") ?? "",
        ["involvedObject.fieldPath"] = o => o.Text("involvedObject", "fieldPath") ?? "",
        ["reason"] = o => o.Text("reason") ?? "",
        ["reportingComponent"] = o => o.Text("reportingComponent") ?? "",
        ["source"] = o => o.Text("source", "component") ?? o.Text("reportingComponent") ?? "",
        ["type"] = o => o.Text("type") ?? "",
    };

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        IEnumerable<FieldError> errors = Common(document);
        if (!IsStrict) return errors;
        return errors.Concat(Series(document, old)).Concat(old is null ? Fresh(document) : Unchanged(document, old));
    }

    private IEnumerable<FieldError> Common(JsonObject document)
    {
        string space = document.Text("metadata", "namespace") ?? "", about = document.Text("involvedObject", "namespace") ?? "";
        bool dated = document.Text("eventTime") is { Length: > 0 };
        bool wrong = about.Length == 0 ? space is not "default" && !(dated && space == "kube-system") : !dated && space != about;
        if (wrong) yield return FieldError.Invalid("involvedObject.namespace", about, "does not match event.namespace");
        if (!dated) yield break;
        string controller = IsStrict ? "reportingController" : "reportingComponent";
        string reporter = document.Text("reportingComponent") ?? "";
        if (reporter.Length == 0) yield return FieldError.Required(controller);
        if (NameRules.QualifiedName(reporter) is { } fault) yield return FieldError.Invalid(controller, reporter, fault);
        foreach (string field in (string[])["reportingInstance", "action", "reason"])
        {
            if (string.IsNullOrEmpty(document.Text(field))) yield return FieldError.Required(field);
            else if (document.Text(field)!.Length > 128) yield return FieldError.Invalid(field, "", "can have at most 128 characters");
        }

        if (document.Text("message") is { Length: > 1024 }) yield return FieldError.Invalid("message", "", "can have at most 1024 characters");
    }

    private static IEnumerable<FieldError> Fresh(JsonObject document)
    {
        if (string.IsNullOrEmpty(document.Text("eventTime"))) yield return FieldError.Required("eventTime");
        if (document.Text("type") is not ("Normal" or "Warning")) yield return FieldError.Invalid("type", "", $"has invalid value: {document.Text("type")}");
        foreach (string field in (string[])["firstTimestamp", "lastTimestamp", "count"])
        {
            if (document[field] is not null) yield return FieldError.Invalid(field, "", "needs to be unset");
        }

        if (document.Text("source", "component") is { Length: > 0 } || document.Text("source", "host") is { Length: > 0 })
            yield return FieldError.Invalid("source", "", "needs to be unset");
    }

    private static IEnumerable<FieldError> Series(JsonObject document, JsonObject? old)
    {
        if (document.Object("series") is not { } series || JsonNode.DeepEquals(series, old?["series"])) yield break;
        if (series.Long("count") is null or < 2) yield return FieldError.Invalid("series.count", "", "should be at least 2");
        if (string.IsNullOrEmpty(series.Text("lastObservedTime"))) yield return FieldError.Required("series.lastObservedTime");
    }

    private static IEnumerable<FieldError> Unchanged(JsonObject document, JsonObject old) => Kept.Where(f => !JsonNode.DeepEquals(document[f], old[f]))
        .Select(f => FieldError.Invalid(f == "reportingComponent" ? "reportingController" : f, document[f], "field is immutable"));
}
