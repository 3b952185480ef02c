#include "addon/images.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "addon/arguments.h"
#include "core/complaints.h"
#include "images/kernels.h"
#include "images/resample_image.h"
#include "images/to_srgb.h"
#include "images/turbojpeg.h"

namespace alexnet::addon {
namespace {

// More in one line, and its weights would fill memory.
constexpr double kLongestSide = 1 << 16;
constexpr double kLeastSide = 1e-3;

double side_of(const Napi::Object& of, const char* name, double least, double most) {
  const Napi::Value value = of.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= least && number <= most))
    refuse("USAGE", name, value, "a number from " + text_of(least) + " to " + text_of(most));
  return number;
}

struct Extent {
  int width, height;
  size_t bytes() const { return static_cast<size_t>(width) * static_cast<size_t>(height) * 3; }
};

int side(const Napi::Value& value, const char* name) {
  return static_cast<int>(integer(value, name, 1, kLongestSide, "USAGE"));
}

Extent extent_of(const Napi::Value& value) {
  const auto image = value.As<Napi::Object>();
  return {side(image.Get("width"), "width"), side(image.Get("height"), "height")};
}

images::Box box_of(const Napi::Value& value, const Extent& image) {
  const auto part = value.As<Napi::Object>();
  images::Box box{};
  box.left = side_of(part, "left", 0, image.width);
  box.top = side_of(part, "top", 0, image.height);
  box.width = side_of(part, "width", kLeastSide, image.width - box.left);
  box.height = side_of(part, "height", kLeastSide, image.height - box.top);
  return box;
}

uint8_t* square_at(const Napi::Value& value, const char* name, int size) {
  const Bytes bytes = bytes_of(value, name);
  if (bytes.size != Extent{size, size}.bytes())
    throw Error("USAGE", std::string(name) + " are not size x size x 3 bytes");
  return static_cast<uint8_t*>(bytes.data);
}

// A file's pixels, in memory that stays with the thread unless they are many.
uint8_t* thread_pixels(size_t bytes) {
  thread_local std::unique_ptr<uint8_t[]> memory;
  thread_local size_t capacity = 0;
  constexpr size_t kKept = 4 << 20;
  if (bytes > capacity || capacity > kKept) {
    memory.reset();
    capacity = std::max(bytes, kKept);
    memory.reset(new uint8_t[capacity]);
  }
  return memory.get();
}

class SquareOfJpeg : public Napi::AsyncWorker {
 public:
  explicit SquareOfJpeg(const Napi::CallbackInfo& info)
      : Napi::AsyncWorker(info.Env()),
        deferred_(info.Env()),
        jpeg_(bytes_of(info[0], "jpeg")),
        image_(extent_of(info[1])),
        box_(box_of(info[2], image_)),
        size_(side(info[3], "size")) {
    if (!info[4].IsUndefined()) {
      const Bytes space = bytes_of(info[4], "space");
      if (space.size != sizeof(images::RgbSpace))
        throw Error("USAGE", "space is not three curves and a matrix");
      std::memcpy(&space_.emplace(), space.data, space.size);
    }
    auto target = Napi::Uint8Array::New(info.Env(), Extent{size_, size_}.bytes());
    target_ = target.Data();
    kept_ = Napi::Persistent(info[0].As<Napi::Object>());
    result_ = Napi::Persistent(target.As<Napi::Object>());
  }
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    const bool whole = image_.width == size_ && image_.height == size_;
    uint8_t* pixels = whole ? target_ : thread_pixels(image_.bytes());
    flawless_ = images::decode_jpeg(static_cast<const uint8_t*>(jpeg_.data), jpeg_.size, image_.width,
                                    image_.height, pixels);
    if (!flawless_) return;
    if (space_) images::to_srgb(*space_, pixels, int64_t{image_.width} * image_.height);
    if (!whole) images::resample_image(pixels, image_.width, image_.height, box_, size_, target_);
  }
  void OnOK() override { deferred_.Resolve(flawless_ ? result_.Value() : Env().Undefined()); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  Bytes jpeg_;
  Extent image_;
  images::Box box_;
  int size_;
  std::optional<images::RgbSpace> space_;
  uint8_t* target_;
  Napi::ObjectReference kept_, result_;
  bool flawless_ = false;
};

}  // namespace

Napi::Value resample(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&]() -> Napi::Value {
    const Bytes pixels = bytes_of(info[0], "pixels");
    const Extent image = extent_of(info[1]);
    if (pixels.size != image.bytes()) throw Error("USAGE", "pixels are not height x width x 3 bytes");
    const images::Box box = box_of(info[2], image);
    const int size = side(info[3], "size");
    auto target = Napi::Uint8Array::New(info.Env(), Extent{size, size}.bytes());
    images::resample_image(static_cast<const uint8_t*>(pixels.data), image.width, image.height, box, size,
                           target.Data());
    return target;
  });
}

Napi::Value load_jpeg_library(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), images::load_turbojpeg(info[0].ToString().Utf8Value()));
}

Napi::Value square_of_jpeg(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    auto* work = new SquareOfJpeg(info);
    const Napi::Promise promise = work->promise();
    work->Queue();  // it deletes itself
    return promise;
  });
}

Napi::Value read_jpeg(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    const Bytes jpeg = bytes_of(info[0], "jpeg");
    const int size = side(info[1], "size");
    uint8_t* target = square_at(info[2], "target", size);
    return Napi::Boolean::New(info.Env(), images::decode_jpeg(static_cast<const uint8_t*>(jpeg.data),
                                                              jpeg.size, size, size, target));
  });
}

Napi::Value write_jpeg(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    const int size = side(info[1], "size");
    const uint8_t* pixels = square_at(info[0], "pixels", size);
    const images::JpegFile file = images::encode_jpeg(
        pixels, size, size, static_cast<int>(integer(info[2], "quality", 1, 100, "USAGE")));
    auto bytes = Napi::Uint8Array::New(info.Env(), file.size);
    std::memcpy(bytes.Data(), file.bytes.get(), file.size);
    return bytes;
  });
}

void accumulate(const Napi::CallbackInfo& info) {
  translate(info.Env(), [&] {
    const Bytes pixels = bytes_of(info[0], "pixels");
    const Bytes mean = bytes_of(info[1], "mean");
    const Bytes colour = bytes_of(info[2], "colour");
    if (pixels.size % 3 != 0) throw Error("USAGE", "pixels are not three bytes each");
    if (mean.size != pixels.size * sizeof(uint32_t))
      throw Error("USAGE", "mean is not of the pixels' length");
    if (colour.size != 9 * sizeof(uint64_t)) throw Error("USAGE", "colour has not nine sums");
    images::best_kernels().accumulate_pixels(
        static_cast<const uint8_t*>(pixels.data), static_cast<int64_t>(pixels.size / 3),
        static_cast<uint32_t*>(mean.data), static_cast<uint64_t*>(colour.data));
  });
}

}  // namespace alexnet::addon
