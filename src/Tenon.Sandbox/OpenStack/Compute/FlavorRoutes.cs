using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary><c>/v2.1/flavors</c>.</summary>
internal sealed class FlavorRoutes(ComputeState state)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v2.1/flavors", "flavors.list", request => ComputeJson.Page(request, "flavors", Selected(request), f => f.Id, f => Brief(f, request)));
        routes.Get("/v2.1/flavors/detail", "flavors.detail", request => ComputeJson.Page(
            request, "flavors", Selected(request), f => f.Id, f => Detail(f, request)));
        routes.Post("/v2.1/flavors", "flavors.create", Create);
        routes.Get("/v2.1/flavors/{id}", "flavors.show", request => ApiResponse.Wrapped(200, "flavor", Detail(Find(request), request)));
        routes.Delete("/v2.1/flavors/{id}", "flavors.delete", request =>
        {
            ComputeFaults.RequireAdmin(request, "os_compute_api:os-flavor-manage:delete");
            state.Flavors.Remove(Find(request).Id);
            return ApiResponse.Empty(202);
        });
        routes.Get("/v2.1/flavors/{id}/os-extra_specs", "flavors.extra_specs.list", request => ApiResponse.Wrapped(200, "extra_specs", ExtraSpecs(Find(request))));
        routes.Post("/v2.1/flavors/{id}/os-extra_specs", "flavors.extra_specs.set", SetExtraSpecs);
    }

    public static JsonObject ExtraSpecs(Flavor flavor) => new(flavor.ExtraSpecs.Select(s => new KeyValuePair<string, JsonNode?>(s.Key, s.Value)));

    private IEnumerable<Flavor> Selected(ApiRequest request)
    {
        IEnumerable<Flavor> flavors = state.Flavors;
        // Only an administrator sees what is not public, and only when asking for it.
        bool? isPublic = request.Token.IsAdmin && request.Query["is_public"] is { } asked ? JsonReading.ParseBoolean(asked) : true;
        bool all = request.Token.IsAdmin && request.Query["is_public"] is "None" or "none";
        if (!all) flavors = flavors.Where(f => f.IsPublic == (isPublic ?? true));
        if (Least(request, "minRam") is { } ram) flavors = flavors.Where(f => f.Ram >= ram);
        if (Least(request, "minDisk") is { } disk) flavors = flavors.Where(f => f.Disk >= disk);
        return flavors.OrderBy(f => f.Id, StringComparer.Ordinal);
    }

    private static int? Least(ApiRequest request, string filter)
    {
        if (request.Query[filter] is not { } text) return null;
        return int.TryParse(text, out int least) ? least : throw ComputeFaults.Bad($"Invalid {filter} filter [{text}]");
    }

    private Flavor Find(ApiRequest request) => state.Flavors.Find(request["id"]) ?? throw ComputeFaults.NotFound("Flavor", request["id"]);

    private static JsonObject Brief(Flavor flavor, ApiRequest request)
    {
        var json = new JsonObject { ["id"] = flavor.Id, ["name"] = flavor.Name, ["links"] = ComputeJson.Links(request, $"flavors/{flavor.Id}") };
        if (request.AtLeast(55)) json["description"] = flavor.Description;
        return json;
    }

    private static JsonObject Detail(Flavor flavor, ApiRequest request)
    {
        var json = new JsonObject
        {
            ["id"] = flavor.Id,
            ["name"] = flavor.Name,
            ["ram"] = flavor.Ram,
            ["disk"] = flavor.Disk,
            ["swap"] = request.AtLeast(75) || flavor.Swap > 0 ? JsonValue.Create(flavor.Swap) : JsonValue.Create(""),
            ["OS-FLV-EXT-DATA:ephemeral"] = flavor.Ephemeral,
            ["OS-FLV-DISABLED:disabled"] = false,
            ["vcpus"] = flavor.Vcpus,
            ["os-flavor-access:is_public"] = flavor.IsPublic,
            ["rxtx_factor"] = 1.0,
            ["links"] = ComputeJson.Links(request, $"flavors/{flavor.Id}"),
        };
        if (request.AtLeast(55)) json["description"] = flavor.Description;
        if (request.AtLeast(61)) json["extra_specs"] = ExtraSpecs(flavor);
        return json;
    }

    private ApiResponse Create(ApiRequest request)
    {
        ComputeFaults.RequireAdmin(request, "os_compute_api:os-flavor-manage:create");
        JsonObject body = (request.Body as JsonObject)?.Object("flavor") ?? throw ComputeFaults.Bad("'flavor' is a required property");
        string Needed(string property) => body[property]?.ToString() ?? throw ComputeFaults.Required("flavor", body, property);
        int Number(string property) => int.TryParse(Needed(property), out int number) ? number : throw ComputeFaults.Invalid(property, Needed(property), $"'{Needed(property)}' does not match '^[0-9]*$'");
        string id = body["id"]?.ToString() is { Length: > 0 } given && given != "auto" ? given : Text.NewUuid();
        string name = Needed("name");
        if (state.Flavors.Contains(id)) throw new ApiFault(409, $"Flavor with ID {id} already exists.");
        if (state.Flavors.Any(f => f.Name == name)) throw new ApiFault(409, $"Flavor with name {name} already exists.");
        var flavor = new Flavor
        {
            Id = id, Name = name, Ram = Number("ram"), Disk = Number("disk"), Vcpus = Number("vcpus"), Swap = (int)(body.Integer("swap") ?? 0),
            Ephemeral = (int)(body.Integer("OS-FLV-EXT-DATA:ephemeral") ?? 0), IsPublic = body.Boolean("os-flavor-access:is_public") ?? true,
            Description = body.String("description"),
        };
        state.Flavors.Add(id, flavor);
        return ApiResponse.Wrapped(200, "flavor", Detail(flavor, request));
    }

    private ApiResponse SetExtraSpecs(ApiRequest request)
    {
        ComputeFaults.RequireAdmin(request, "os_compute_api:os-flavor-extra-specs:create");
        Flavor flavor = Find(request);
        JsonObject body = (request.Body as JsonObject)?.Object("extra_specs") ?? throw ComputeFaults.Bad("'extra_specs' is a required property");
        foreach ((string key, JsonNode? value) in body) flavor.ExtraSpecs[key] = value?.ToString() ?? "";
        return ApiResponse.Wrapped(200, "extra_specs", ExtraSpecs(flavor));
    }
}
