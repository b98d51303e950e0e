using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Security;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>The verbs on objects and collections.</summary>
internal sealed class ObjectHandler(ObjectOperations objects, AccessControl access, SpecialSubresources special, CancellationToken stopping)
{
    private readonly WatchHandler _watches = new(objects, stopping);

    /// <summary>Answers a request about objects.</summary>
    /// <exception cref="ApiException">It fails.</exception>
    public async Task HandleAsync(HttpContext context, RequestInfo request, UserInfo user)
    {
        ResourceDefinition definition = objects.Registry.Find(new GroupResource(request.Group, request.Resource)) ?? throw ApiException.NoSuchResource();
        ResourceVersion version = definition.FindVersion(request.Version) is { Served: true } served ? served : throw ApiException.NoSuchResource();
        if (version.Warning is { } warning) Warn(context, warning);
        string space = definition.Namespaced ? request.Namespace : "";
        var target = new ObjectTarget(definition, version, space, request.Name, request.Subresource);
        if (request.Subresource.Length > 0 && definition.FindSubresource(request.Subresource) is null) throw ApiException.NoSuchResource();
        if (await special.TryHandleAsync(context, request, target, user)) return;
        bool collection = !IsNamed(context.Request, request);
        if (!Allows(definition, request, collection)) throw ApiException.MethodNotAllowed();
        switch (request.Verb)
        {
            case "watch":
                await _watches.HandleAsync(context, target, Selection.Read(context.Request.Query, definition, request.Name));
                break;
            case "list":
                await ListAsync(context, target with { Name = "" }, request);
                break;
            case "get":
                await SendAsync(context, 200, target, objects.Get(target));
                break;
            case "create" when !collection:
                throw ApiException.MethodNotAllowed();
            case "create":
                await CreateAsync(context, target with { Name = "" }, user);
                break;
            case "update" or "patch" when collection:
                throw ApiException.MethodNotAllowed();
            case "update":
                Body put = await ReadAsync(context);
                StoredObject updated = objects.Update(target, AsObject(put, definition), Admitting(target, user, Options(context, put, user)), out bool made);
                await SendAsync(context, made ? 201 : 200, target, updated);
                break;
            case "patch":
                await PatchAsync(context, target, user);
                break;
            case "delete":
                await DeleteAsync(context, target, user);
                break;
            case "deletecollection":
                Selection selection = Selection.Read(context.Request.Query, definition, "");
                DeleteOptions options = await DeleteOptionsAsync(context, user);
                IReadOnlyList<DeleteResult> results = objects.DeleteCollection(target, selection.Includes, options);
                await SendListAsync(context, target, [.. results.Select(r => r.Object)], new JsonObject { ["resourceVersion"] = objects.Store.Revision.ToString() });
                break;
            default:
                throw ApiException.MethodNotAllowed();
        }
    }

    /// <summary>Sends an object in the form that the client accepts.</summary>
    public async Task SendAsync(HttpContext context, int status, ObjectTarget target, StoredObject stored)
    {
        Negotiation negotiation = Negotiation.Of(context.Request);
        bool scale = target.Definition.FindSubresource(target.Subresource)?.Scale is not null;
        if (negotiation.Form == ObjectForm.Table && !scale)
        {
            var metadata = new JsonObject { ["resourceVersion"] = stored.Revision.ToString() };
            await Answer.SendAsync(context, status, Tables.Make(
                [stored], target.Definition, target.Version, negotiation.MetaVersion, IncludeObject(context), metadata, true, objects.Time.GetUtcNow()), negotiation);
        }
        else if (negotiation.Form == ObjectForm.Metadata)
        {
            await Answer.SendAsync(context, status, Tables.PartialMetadata(stored.Document, negotiation.MetaVersion), negotiation);
        }
        else if (negotiation.Yaml || scale)
        {
            await Answer.SendAsync(context, status, ObjectOperations.View(target, stored), negotiation);
        }
        else
        {
            await Answer.SendAsync(context, status, Answer.Whole(stored, target.Definition, target.Version), "application/json");
        }
    }

    /// <summary>Reads a body, warning of fields that occur twice.</summary>
    public static async Task<Body> ReadAsync(HttpContext context)
    {
        string type = (context.Request.ContentType ?? "application/json").Split(';')[0].Trim();
        if (type is not ("application/json" or "application/yaml" or "application/x-yaml" or "text/json" or "application/vnd.kubernetes.protobuf"))
        {
            throw ApiException.UnsupportedMediaType("application/json", "application/yaml", "application/vnd.kubernetes.protobuf");
        }

        return await BodyReader.ReadAsync(context.Request, type.EndsWith("yaml", StringComparison.Ordinal), context.RequestAborted);
    }

    /// <summary>The options of a write, from the query and the headers.</summary>
    public static WriteOptions Options(HttpContext context, Body body, UserInfo user)
    {
        IQueryCollection query = context.Request.Query;
        string dryRun = query["dryRun"].ToString();
        string kind = OptionsKind(context.Request.Method);
        if (dryRun is not ("" or "All")) throw BadOption(kind, new("FieldValueNotSupported", "dryRun", $"Unsupported value: []string{{\"{dryRun}\"}}: supported values: \"All\""));
        FieldValidation validation = query["fieldValidation"].ToString() switch
        {
            "Strict" => FieldValidation.Strict,
            "Ignore" => FieldValidation.Ignore,
            "" or "Warn" => FieldValidation.Warn,
            string other => throw BadOption(kind, FieldError.NotSupported("fieldValidation", other, ["", "Ignore", "Strict", "Warn"])),
        };
        if (body.Duplicates.Count > 0 && validation == FieldValidation.Strict)
            throw ApiException.BadRequest($"strict decoding error: {string.Join(", ", body.Duplicates)}");
        if (validation == FieldValidation.Warn)
        {
            foreach (string duplicate in body.Duplicates) Warn(context, duplicate);
        }

        string manager = query["fieldManager"].ToString();
        return new WriteOptions
        {
            DryRun = dryRun == "All",
            FieldManager = manager.Length > 0 ? manager : context.Request.Headers.UserAgent.ToString().Split('/')[0] is { Length: > 0 } agent ? agent : "unknown",
            FieldValidation = validation,
            Force = RequestInfo.IsTrue(query["force"].ToString() is { Length: > 0 } force ? force : "false"),
            UserName = user.Name,
            Warn = text => Warn(context, text),
        };
    }

    private static string OptionsKind(string method) => method switch { "POST" => "CreateOptions", "PUT" => "UpdateOptions", "PATCH" => "PatchOptions", _ => "DeleteOptions" };

    private static ApiException BadOption(string kind, FieldError error) => ApiException.Invalid("meta.k8s.io", kind, "", [error]);

    private WriteOptions Admitting(ObjectTarget target, UserInfo user, WriteOptions options) => options with
    {
        Admit = document => access.CheckEscalation(
            user, target.Definition.GroupResource, target.Namespace, document.Text("metadata", "name") ?? target.Name, document),
    };

    private static bool IsNamed(HttpRequest http, RequestInfo request) => request.Name.Length > 0 && http.Path.Value!.TrimEnd('/').Split('/').Contains(request.Name);

    private static bool Allows(ResourceDefinition definition, RequestInfo request, bool collection)
    {
        if (definition.FindSubresource(request.Subresource) is { } subresource) return subresource.Verbs.Contains(request.Verb);
        string verb = request.Verb == "list" && !collection ? "get" : request.Verb;
        return definition.Verbs.Contains(verb);
    }

    private async Task CreateAsync(HttpContext context, ObjectTarget target, UserInfo user)
    {
        Body body = await ReadAsync(context);
        if (target.Definition.Namespaced && target.Namespace.Length == 0)
            throw ApiException.BadRequest("an empty namespace may not be set during creation");
        StoredObject made = objects.Create(target, AsObject(body, target.Definition), Admitting(target, user, Options(context, body, user)));
        await SendAsync(context, 201, target, made);
    }

    private async Task PatchAsync(HttpContext context, ObjectTarget target, UserInfo user)
    {
        string type = (context.Request.ContentType ?? "").Split(';')[0].Trim();
        PatchKind kind = type switch
        {
            PatchTypes.Json => PatchKind.Json,
            PatchTypes.Merge => PatchKind.Merge,
            PatchTypes.Strategic => PatchKind.Strategic,
            PatchTypes.Apply => PatchKind.Apply,
            _ => throw ApiException.UnsupportedPatch(),
        };
        Body body = await BodyReader.ReadAsync(context.Request, kind == PatchKind.Apply, context.RequestAborted);
        if (kind == PatchKind.Apply && string.IsNullOrEmpty(context.Request.Query["fieldManager"].ToString()))
        {
            throw new ApiException(422, "Invalid",
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
        }

        StoredObject patched = objects.Patch(target, kind, body.Node, Admitting(target, user, Options(context, body, user)), out bool created);
        await SendAsync(context, created ? 201 : 200, target, patched);
    }

    private async Task DeleteAsync(HttpContext context, ObjectTarget target, UserInfo user)
    {
        DeleteResult result = objects.Delete(target, await DeleteOptionsAsync(context, user));
        if (!result.Removed || target.Definition.Strategy.ReturnsDeleted)
        {
            await SendAsync(context, 200, target, result.Object);
            return;
        }

        var details = new JsonObject { ["name"] = target.Name };
        if (target.Definition.Group.Length > 0) details["group"] = target.Definition.Group;
        details["kind"] = target.Definition.Plural;
        details["uid"] = result.Object.Uid;
        await Answer.SendAsync(context, 200, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        });
    }

    private static async Task<DeleteOptions> DeleteOptionsAsync(HttpContext context, UserInfo user)
    {
        Body body = await ReadAsync(context);
        JsonNode? options = body.Node;
        IQueryCollection query = context.Request.Query;
        string? policy = options.Text("propagationPolicy") ?? (query["propagationPolicy"].ToString() is { Length: > 0 } given ? given : null);
        if (options.Bool("orphanDependents") is { } orphan && policy is null) policy = orphan ? "Orphan" : "Background";
        if (policy is not (null or "Orphan" or "Background" or "Foreground"))
        {
            throw ApiException.Invalid("meta.k8s.io", "DeleteOptions", "",
                [FieldError.NotSupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"])]);
        }

        return new DeleteOptions
        {
            GracePeriodSeconds = options.Long("gracePeriodSeconds") ?? (long.TryParse(query["gracePeriodSeconds"].ToString(), out long grace) ? grace : null),
            Uid = options.Text("preconditions", "uid"),
            ResourceVersion = options.Text("preconditions", "resourceVersion"),
            PropagationPolicy = policy,
            DryRun = query["dryRun"].ToString() == "All" || options.Texts("dryRun").Contains("All"),
            UserName = user.Name,
        };
    }

    private async Task ListAsync(HttpContext context, ObjectTarget target, RequestInfo request)
    {
        Selection selection = Selection.Read(context.Request.Query, target.Definition, request.Name);
        ListPage page = ListPage.Read(objects.Store, selection, target.Namespace, context.Request.Query);
        await SendListAsync(context, target, page.Items, page.Metadata());
    }

    private async Task SendListAsync(HttpContext context, ObjectTarget target, IReadOnlyList<StoredObject> items, JsonObject metadata)
    {
        Negotiation negotiation = Negotiation.Of(context.Request);
        if (negotiation.Form == ObjectForm.Table)
        {
            await Answer.SendAsync(context, 200, Tables.Make(
                items, target.Definition, target.Version, negotiation.MetaVersion, IncludeObject(context), metadata, true, objects.Time.GetUtcNow()), negotiation);
            return;
        }

        if (negotiation.Form == ObjectForm.Metadata)
        {
            await Answer.SendAsync(context, 200, new JsonObject
            {
                ["kind"] = "PartialObjectMetadataList",
                ["apiVersion"] = $"meta.k8s.io/{negotiation.MetaVersion}",
                ["metadata"] = metadata,
                ["items"] = new JsonArray([.. items.Select(i => (JsonNode)Tables.PartialMetadata(i.Document, negotiation.MetaVersion))]),
            }, negotiation);
            return;
        }

        byte[] head = [.. Answer.Prefix(target.Definition.ListKind, target.GroupVersion), .. System.Text.Encoding.UTF8.GetBytes($"\"metadata\":{metadata.ToJsonString()},\"items\":[")];
        using var buffer = new MemoryStream();
        buffer.Write(head);
        byte[] prefix = target.Definition.IsCustom ? Answer.Prefix(target.Definition.Kind, target.GroupVersion) : "{"u8.ToArray();
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) buffer.WriteByte((byte)',');
            buffer.Write(prefix);
            buffer.Write(Answer.BodyOf(items[i], target.Version).Span);
        }

        buffer.Write("]}\n"u8);
        if (negotiation.Yaml)
        {
            await Answer.SendAsync(context, 200, JsonNode.Parse(buffer.ToArray())!, negotiation);
            return;
        }

        await Answer.SendAsync(context, 200, buffer.GetBuffer().AsMemory(0, (int)buffer.Length), "application/json");
    }

    private static JsonObject AsObject(Body body, ResourceDefinition definition) => body.Node as JsonObject
        ?? throw ApiException.BadRequest($"the body is not a {definition.Kind}: an object is required");

    private static string IncludeObject(HttpContext context) => context.Request.Query["includeObject"].ToString() is { Length: > 0 } given ? given : "Metadata";

    private static void Warn(HttpContext context, string text)
        => context.Response.Headers.Append("Warning", $"299 - \"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
}
